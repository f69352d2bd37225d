import { describe, expect, test } from 'vitest'
import { callSafely, settleSafely, assertNotPromise } from '../../src/transport/contained.ts'

describe('contained', () => {
  test('hands on what a call throws, and nothing else', () => {
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

  test('hands on what a promise rejects with, and resolves all the same', async () => {
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

describe('assertNotPromise', () => {
  test('refuses a promise, and keeps its rejection from ending the process', async () => {
    expect(() => assertNotPromise(Promise.reject(new Error('no')), 'Cannot wait')).toThrow(
      new TypeError('Cannot wait'),
    )
    for (const plain of [undefined, 'now', { inMs: 5 }]) assertNotPromise(plain, 'Cannot wait')
    await Promise.resolve()
  })
})

describe('settleSafely', () => {
  test('takes nothing but a thenable for a promise', async () => {
    const faults: unknown[] = []
    for (const plain of [undefined, null, 0, 'then', {}, () => undefined]) {
      expect(settleSafely(plain, (error) => faults.push(error))).toBeUndefined()
    }
    await settleSafely(Promise.reject(new Error('no')), (error) => void faults.push(error))
    expect(faults).toEqual([new Error('no')])
  })
})
