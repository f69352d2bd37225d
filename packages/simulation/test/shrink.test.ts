import { expect, test } from 'vitest'
import type { Fault } from '../src/faults.ts'
import { type Calm, formatReduction, NOTHING_LEFT_OUT, type Reduction } from '../src/reduction.ts'
import { shrink } from '../src/shrink.ts'

const script = Array.from({ length: 5 }, (): Fault => ({
  kind: 'crash',
  atMs: 1,
  forMs: 1000,
  one: 'a',
  other: 'b',
}))
const CALMS = ['no-loss', 'no-cuts'] as const
const whole = {
  script,
  calmsLeft: (calm: ReadonlySet<Calm>): readonly Calm[] => CALMS.filter((each) => !calm.has(each)),
}

test('shrink leaves out all that a failure does not need', async () => {
  const fails = async ({ faults, calm }: Reduction): Promise<boolean> => {
    const needed = faults?.has(1) === true && faults.has(3) && (faults.get(3) ?? 1000) >= 100
    return needed && !calm.has('no-loss')
  }
  const found = await shrink(whole, NOTHING_LEFT_OUT, fails, () => true)
  expect(formatReduction(found)).toBe('1:1,3:125,no-cuts')
})

test('shrink goes on until a whole round leaves out nothing more', async () => {
  // Fault 0 is needed only as long as fault 4 happens.
  const fails = async ({ faults }: Reduction): Promise<boolean> => faults?.has(0) === true || !faults?.has(4)
  expect(formatReduction(await shrink(whole, NOTHING_LEFT_OUT, fails, () => true))).toBe(
    'none,no-loss,no-cuts',
  )
})

test('shrink stops when there is no more time, and keeps what it has found', async () => {
  let runs = 0
  const found = await shrink(
    whole,
    NOTHING_LEFT_OUT,
    async () => true,
    () => ++runs <= 3,
  )
  expect(found.faults?.size).toBeGreaterThanOrEqual(2)
})
