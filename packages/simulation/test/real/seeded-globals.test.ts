import crypto, { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { Random } from '../../src/random.ts'
import { SeededGlobals, type SeededWorld } from '../../src/real/seeded-globals.ts'

/** Calls everything that is replaced. */
function ask(): Promise<readonly unknown[]> {
  const now = [Date.now(), new Date().getTime(), Date(), performance.now()]
  const numbers = [Math.random(), crypto.randomInt(10), crypto.randomInt(5, 7)]
  const bytes = [
    randomBytes(4).toString('hex'),
    crypto.randomFillSync(new Uint16Array(4), 1, 2).join(),
    globalThis.crypto.getRandomValues(new Uint8Array(3)).join(),
  ]
  const names = [crypto.randomUUID(), globalThis.crypto.randomUUID()]
  return new Promise((resolve, reject) =>
    crypto.randomBytes(2, (error, later) =>
      error === null
        ? resolve([...now, ...numbers, ...bytes, ...names, later.toString('hex')])
        : reject(error),
    ),
  )
}

function seeded(seed: string): SeededWorld {
  return { random: new Random(seed), now: () => 12.5, wallClock: () => 1_767_225_600_000 }
}

describe('SeededGlobals', () => {
  const globals = new SeededGlobals()
  let putBack: () => void = () => undefined
  afterEach(() => putBack())

  test('makes randomness and time follow from the world of the caller', async () => {
    const results = []
    for (const seed of ['1', '1', '2']) {
      const world = seeded(seed)
      putBack = globals.enter(() => world)
      results.push(await ask())
      putBack()
    }
    expect(results[1]).toEqual(results[0])
    expect(results[2]).not.toEqual(results[0])
    expect(results[0]?.slice(0, 2)).toEqual([1_767_225_600_000, 1_767_225_600_000])
    expect(results[0]?.[3]).toBe(12.5)
    expect(results[0]?.[10]).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  })

  test('changes only dates of the current time', () => {
    putBack = globals.enter(() => seeded('1'))
    expect(new Date(5).getTime()).toBe(5)
    expect(new Date(2020, 1).getMonth()).toBe(1)
    expect(new Date()).toBeInstanceOf(Date)
    expect(Date.UTC(1970, 0)).toBe(0)
    class Day extends Date {}
    expect(new Day()).toBeInstanceOf(Day)
  })

  test('returns real values outside of a world, and restores everything', async () => {
    const replaced = (): readonly unknown[] =>
      [Math, globalThis, performance, crypto, globalThis.crypto].map((of, at) =>
        Reflect.get(of, NAMES[at] ?? ''),
      )
    const before = replaced()
    const own = Object.getOwnPropertyNames(globalThis.crypto)
    putBack = globals.enter(() => undefined)
    expect(Math.random).not.toBe(before[0])
    expect(await ask()).not.toEqual(await ask())
    expect(Math.abs(Date.now() - performance.timeOrigin - performance.now())).toBeLessThan(60_000)
    putBack()
    expect(replaced()).toEqual(before)
    expect(Object.getOwnPropertyNames(globalThis.crypto)).toEqual(own)
  })

  test('throws a TypeError for an argument without bytes, as the real functions do', () => {
    putBack = globals.enter(() => seeded('1'))
    expect(() => Reflect.apply(crypto.randomFillSync, crypto, [{}])).toThrow(TypeError)
  })
})

const NAMES = ['random', 'Date', 'now', 'randomBytes', 'randomUUID']
