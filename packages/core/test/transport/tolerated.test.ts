import { describe, expect, test } from 'vitest'
import { tolerated } from '../../src/transport/tolerated.ts'

describe('tolerated', () => {
  const expected = new Error('expected')
  const isExpected = (error: unknown): boolean => error === expected

  /** What is unhandled by the promises that `make` lets go of: for the process, and for `tolerated`. */
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

  test('reports an expected rejection on which no code waits, once', async () => {
    const seen = await unhandledOf((tolerate) => void tolerate(Promise.reject(expected)))
    expect(seen).toEqual({ process: [], tolerated: [expected] })
  })

  test('reports one that then, catch or finally without a second function pass on, once', async () => {
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
  ])('rejects for code that waits with %s, and reports nothing', async (_how, waiting) => {
    const caught: unknown[] = []
    const seen = await unhandledOf(
      (tolerate) => void waiting(tolerate(Promise.reject(expected))).catch((error) => caught.push(error)),
    )
    expect([caught, seen]).toEqual([[expected], { process: [], tolerated: [] }])
  })

  test('leaves every other rejection, and what a callback of then throws, to the process', async () => {
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
