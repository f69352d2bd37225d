import crypto, { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { Random } from '../../src/random.ts'
import type { SeededWorld } from '../../src/real/seeded-functions.ts'
import { SeededGlobals } from '../../src/real/seeded-globals.ts'

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

const refused: string[] = []

function seeded(seed: string): SeededWorld {
  return {
    random: new Random(seed),
    now: () => 12.5,
    wallClock: () => 1_767_225_600_000,
    refuse: (what, instead) => refused.push(`${what}: ${instead}`),
  }
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

  test('makes every clock of the process follow from the world of the caller', async () => {
    putBack = globals.enter(() => seeded('1'))
    expect([process.hrtime(), process.hrtime([0, 500_000]), process.hrtime.bigint()]).toEqual([
      [0, 12_500_000],
      [0, 12_000_000],
      12_500_000n,
    ])
    expect(process.uptime()).toBe(0.0125)
    expect([performance.mark('a').startTime, performance.mark('b', { startTime: 3 }).startTime]).toEqual([
      12.5, 3,
    ])
    expect(performance.measure('ab', 'b').duration).toBe(9.5)
    expect(performance.measure('ba', { start: 1, duration: 2 }).duration).toBe(2)
    performance.clearMarks()
    performance.clearMeasures()
    expect(new Event('x').timeStamp).toBe(12.5)
    const { constructor } = new Date(0)
    expect(Reflect.construct(constructor, [])).toEqual(new Date(1_767_225_600_000))
    const format = new Intl.DateTimeFormat('en', { timeZone: 'UTC' })
    expect([format.format(), format.format(0)]).toEqual(['1/1/2026', '1/1/1970'])
    expect(format.formatToParts()[0]).toEqual({ type: 'month', value: '1' })
  })

  test('compiles WebAssembly in the thread of the caller, and refuses to wait for another thread', async () => {
    putBack = globals.enter(() => seeded('1'))
    const bytes = Buffer.from('0061736d01000000', 'hex')
    const wasm = Reflect.get(globalThis, 'WebAssembly') as {
      readonly [name in 'compile' | 'instantiate']: (source: unknown) => Promise<object>
    }
    const module = await wasm.compile(bytes)
    expect(Object.prototype.toString.call(module)).toBe('[object WebAssembly.Module]')
    expect(Object.prototype.toString.call(await wasm.instantiate(module))).toBe(
      '[object WebAssembly.Instance]',
    )
    expect(Object.keys(await wasm.instantiate(bytes))).toEqual(['module', 'instance'])
    const waitAsync: unknown = Reflect.get(Atomics, 'waitAsync')
    if (typeof waitAsync !== 'function') return
    Reflect.apply(waitAsync, Atomics, [new Int32Array(new SharedArrayBuffer(4)), 0, 1])
    expect(refused).toEqual([
      'Atomics.waitAsync: wait for a promise of the program, or for a timer of the reactor',
    ])
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
