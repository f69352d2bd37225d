import { describe, expect, test } from 'vitest'
import { contained, containedResult, mustNotBePromise } from '../../src/transport/contained.ts'

describe('contained', () => {
  test('hands on what a call throws, and nothing else', () => {
    const faults: unknown[] = []
    const fault = new Error('thrown')
    const thrown = contained(
      () => {
        throw fault
      },
      (error) => faults.push(error),
    )
    expect([thrown, contained(() => 7, faults.push)]).toEqual([undefined, undefined])
    expect(faults).toEqual([fault])
  })

  test('hands on what a promise rejects with, and resolves all the same', async () => {
    const faults: unknown[] = []
    const fault = new Error('rejected')
    await expect(
      contained(
        () => Promise.reject(fault),
        (error) => void faults.push(error),
      ),
    ).resolves.toBeUndefined()
    await expect(contained(() => Promise.resolve(7), faults.push)).resolves.toBeUndefined()
    expect(faults).toEqual([fault])
  })
})

describe('mustNotBePromise', () => {
  test('refuses a promise, and keeps its rejection from ending the process', async () => {
    expect(() => mustNotBePromise(Promise.reject(new Error('no')), 'Cannot wait')).toThrow(
      new TypeError('Cannot wait'),
    )
    for (const plain of [undefined, 'now', { inMs: 5 }]) mustNotBePromise(plain, 'Cannot wait')
    await Promise.resolve()
  })
})

describe('containedResult', () => {
  test('takes nothing but a thenable for a promise', async () => {
    const faults: unknown[] = []
    for (const plain of [undefined, null, 0, 'then', {}, () => undefined]) {
      expect(containedResult(plain, (error) => faults.push(error))).toBeUndefined()
    }
    await containedResult(Promise.reject(new Error('no')), (error) => void faults.push(error))
    expect(faults).toEqual([new Error('no')])
  })
})
