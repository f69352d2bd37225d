import { describe, expect, test } from 'vitest'
import { callSafely, isThenable, settleSafely, tolerated } from '../src/reactor.ts'
import { assertNotPromise } from '../src/safely.ts'

describe('contained', () => {
  test('passes on what a call throws, and nothing else', () => {
    const faults: unknown[] = []
    const fault = new Error('thrown')
    const thrown = callSafely(
      () => {
        throw fault
      },
      (error) => faults.push(error),
    )
    expect([thrown, callSafely(() => 7, faults.push)]).toEqual([undefined, undefined])
    expect(faults).toEqual([fault])
  })

  test('passes on the rejection of a promise, and resolves all the same', async () => {
    const faults: unknown[] = []
    const fault = new Error('rejected')
    await expect(
      callSafely(
        () => Promise.reject(fault),
        (error) => void faults.push(error),
      ),
    ).resolves.toBeUndefined()
    await expect(callSafely(() => Promise.resolve(7), faults.push)).resolves.toBeUndefined()
    expect(faults).toEqual([fault])
  })
})

describe('isThenable', () => {
  test('is true for any value with a then method', () => {
    const then = (): void => undefined
    // oxlint-disable-next-line unicorn/no-thenable -- the test needs thenables
    for (const value of [Promise.resolve(), { then }, Object.assign(() => undefined, { then })])
      expect(isThenable(value)).toBe(true)
    // oxlint-disable-next-line unicorn/no-thenable -- the test needs thenables
    for (const value of [undefined, null, 'then', 5, {}, { then: 5 }, () => undefined])
      expect(isThenable(value)).toBe(false)
  })
})

describe('assertNotPromise', () => {
  test('refuses a promise, and swallows its rejection', async () => {
    expect(() => assertNotPromise(Promise.reject(new Error('no')), 'Cannot wait')).toThrow(
      new TypeError('Cannot wait'),
    )
    for (const plain of [undefined, 'now', { inMs: 5 }]) assertNotPromise(plain, 'Cannot wait')
    await Promise.resolve()
  })
})

describe('settleSafely', () => {
  test('treats only a thenable as a promise', async () => {
    const faults: unknown[] = []
    for (const plain of [undefined, null, 0, 'then', {}, () => undefined]) {
      expect(settleSafely(plain, (error) => faults.push(error))).toBeUndefined()
    }
    await settleSafely(Promise.reject(new Error('no')), (error) => void faults.push(error))
    expect(faults).toEqual([new Error('no')])
  })
})

describe('tolerated', () => {
  const expected = new Error('expected')
  const isExpected = (error: unknown): boolean => error === expected

  /**
   * The unhandled rejections of the promises that `make` creates: those of the process, and those of
   * `tolerated`.
   */
  const unhandledOf = async (
    make: (tolerate: (work: Promise<unknown>) => Promise<unknown>) => unknown,
  ): Promise<{ process: unknown[]; tolerated: unknown[] }> => {
    const seen = { process: [] as unknown[], tolerated: [] as unknown[] }
    const listeners = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.on('unhandledRejection', (reason) => seen.process.push(reason))
    make((work) => tolerated(work, isExpected, (error) => seen.tolerated.push(error)))
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
    return seen
  }

  test('reports an expected rejection that is not awaited, once', async () => {
    const seen = await unhandledOf((tolerate) => void tolerate(Promise.reject(expected)))
    expect(seen).toEqual({ process: [], tolerated: [expected] })
  })

  test('reports a rejection that then or finally passes on, once', async () => {
    for (const derive of [
      (work: Promise<unknown>) => work.then(() => 1).then(() => 2),
      (work: Promise<unknown>) => work.finally(() => undefined),
    ]) {
      const seen = await unhandledOf((tolerate) => void derive(tolerate(Promise.reject(expected))))
      expect(seen).toEqual({ process: [], tolerated: [expected] })
    }
  })

  test.each<[string, (work: Promise<unknown>) => Promise<unknown>]>([
    ['await', async (work) => [await work]],
    ['catch', (work) => work.catch((error: unknown) => Promise.reject(error))],
    ['Promise.all', (work) => Promise.all([work, Promise.resolve()])],
    ['then and catch', (work) => work.then(() => 1).catch((error: unknown) => Promise.reject(error))],
  ])('rejects for code that uses %s, and reports nothing', async (_how, waiting) => {
    const caught: unknown[] = []
    const seen = await unhandledOf(
      (tolerate) => void waiting(tolerate(Promise.reject(expected))).catch((error) => caught.push(error)),
    )
    expect([caught, seen]).toEqual([[expected], { process: [], tolerated: [] }])
  })

  test('leaves every other rejection unhandled, also one of a callback of then', async () => {
    const other = new Error('other')
    const seen = await unhandledOf((tolerate) => {
      void tolerate(Promise.reject(other))
      void tolerate(Promise.resolve(1)).then(() => Promise.reject(other))
    })
    expect(seen).toEqual({ process: [other, other], tolerated: [] })
  })

  test('resolves as the promise does', async () => {
    await expect(tolerated(Promise.resolve(5), isExpected)).resolves.toBe(5)
    expect(await tolerated(Promise.resolve(5), isExpected).then((five) => five + 1)).toBe(6)
  })
})
