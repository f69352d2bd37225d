import { expect, test } from 'vitest'
import type { Fault, FaultKind } from '../src/faults.ts'
import { formatReduction, NOTHING_LEFT_OUT, type Reduction } from '../src/reduction.ts'
import { shrink, type Shrinkable } from '../src/shrink.ts'

const CALMS = ['no-loss', 'no-cuts'] as const

function runOf(kind: FaultKind): Shrinkable {
  return {
    script: Array.from({ length: 5 }, (): Fault => ({ kind, atMs: 1, forMs: 1000, one: 'a', other: 'b' })),
    calmsLeft: (calm) => CALMS.filter((each) => !calm.has(each)),
  }
}

const whole = runOf('crash')

test('shrink leaves out all that a failure does not need', async () => {
  const fails = async ({ faults, calm }: Reduction): Promise<boolean> => {
    const needed = faults?.has(1) === true && faults.has(3) && (faults.get(3) ?? 1000) >= 100
    return needed && !calm.has('no-loss')
  }
  const found = await shrink(whole, NOTHING_LEFT_OUT, fails, () => true)
  expect(formatReduction(found)).toBe('1:1,3:125,no-cuts')
})

test('shrink does not shorten faults that are over at once', async () => {
  const fails = async ({ faults }: Reduction): Promise<boolean> => faults?.has(1) === true
  const found = await shrink(runOf('reset'), NOTHING_LEFT_OUT, fails, () => true)
  expect(formatReduction(found)).toBe('1,no-loss,no-cuts')
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
