import { EventEmitter, once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { ConnectionAborted, ConnectionDone, ConnectionLost, isConnectionEnd } from '../../src/index.ts'

describe('isConnectionEnd', () => {
  const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => undefined,
      (error: unknown) => error,
    )

  test('recognises the reason itself', () => {
    const reason = new ConnectionDone()
    expect(isConnectionEnd(reason, reason)).toBe(true)
    expect(isConnectionEnd(new ConnectionDone(), reason)).toBe(false)
  })

  test('recognises the errors with which Node rejects when a signal aborts with the reason', async () => {
    const reason = new ConnectionLost()
    const controller = new AbortController()
    const waits = [
      failureOf(once(new EventEmitter(), 'never', { signal: controller.signal })),
      failureOf(fetch('data:,nothing', { signal: controller.signal })),
    ]
    controller.abort(reason)
    for (const error of await Promise.all(waits)) expect(isConnectionEnd(error, reason)).toBe(true)
    expect(() => controller.signal.throwIfAborted()).toThrow(reason)
  })

  test('follows a chain of causes, in the direction of the causes only', () => {
    const reason = new ConnectionAborted()
    const inner = new DOMException('The operation was aborted', {
      name: 'AbortError',
      cause: reason,
    } as never)
    const outer = new Error('Cannot load the page', { cause: inner })
    expect(isConnectionEnd(outer, reason)).toBe(true)
    expect(isConnectionEnd(reason, outer)).toBe(false)
    expect(isConnectionEnd(new Error('no', { cause: 'text' }), reason)).toBe(false)
  })

  test('terminates for a cycle of causes', () => {
    const first = new Error('first')
    first.cause = new Error('second', { cause: first })
    expect(isConnectionEnd(first, new ConnectionDone())).toBe(false)
  })

  test('recognises nothing while the connection is up', () => {
    expect(isConnectionEnd(undefined, undefined)).toBe(false)
    expect(isConnectionEnd(new Error('a fault'), undefined)).toBe(false)
  })

  test('recognises an AggregateError only if each of its errors stems from the end', () => {
    const reason = new ConnectionDone()
    const ends = [reason, new Error('aborted', { cause: reason })]
    expect(isConnectionEnd(new AggregateError(ends), reason)).toBe(true)
    expect(isConnectionEnd(new AggregateError([...ends, new Error('mine')]), reason)).toBe(false)
    expect(isConnectionEnd(new AggregateError([]), reason)).toBe(false)
  })
})
