import { ConnectionLost } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { isClientEnd, RequestEnding } from '../../src/response/request-ending.ts'

describe('RequestEnding', () => {
  test('can complete after the client has left, with the signal still aborted', async () => {
    const ending = new RequestEnding()
    const { signal, finished } = ending
    const left = new Error('left')
    ending.clientLeft(left)
    expect([signal.aborted, signal.reason, ending.outcome]).toEqual([true, left, undefined])
    ending.completed('complete')
    expect([await finished, ending.outcome, ending.reason]).toEqual(['complete', 'complete', left])
  })

  test('keeps the first outcome and the first reason', async () => {
    const ending = new RequestEnding()
    ending.aborted(new Error('first'))
    ending.aborted(new Error('second'))
    ending.clientLeft(new Error('third'))
    expect([await ending.finished, ending.signal.aborted, ending.reason?.message]).toEqual([
      'aborted',
      true,
      'first',
    ])
    const complete = new RequestEnding()
    complete.completed('upgraded')
    complete.aborted(new Error('late'))
    complete.clientLeft(new Error('late'))
    expect([complete.outcome, complete.signal.aborted]).toEqual(['upgraded', false])
  })

  test('has ended before listeners of its signal run', () => {
    const ending = new RequestEnding()
    let seen: unknown
    ending.signal.addEventListener('abort', () => (seen = ending.outcome))
    ending.aborted(new Error('gone'))
    expect(seen).toBe('aborted')
  })

  test('calls its listener once, with the reason of an abort', () => {
    const reason = new Error('gone')
    for (const [end, called] of [
      [(it: RequestEnding) => it.completed('upgraded'), ['upgraded', undefined]],
      [(it: RequestEnding) => it.aborted(reason), ['aborted', reason]],
    ] as const) {
      const ending = new RequestEnding()
      const calls: unknown[] = []
      ending.whenEnded((...args) => calls.push(args))
      ending.clientLeft(new Error('left'))
      expect(calls).toEqual([])
      end(ending)
      ending.completed('complete')
      ending.aborted(new Error('late'))
      expect(calls).toEqual([called[0] === 'aborted' ? ['aborted', expect.any(Error)] : called])
    }
  })
})

describe('isClientEnd', () => {
  test('is true for the reason of an aborted signal, what it caused, and an AbortError without a cause', () => {
    const reason = new ConnectionLost()
    const abort = new AbortController()
    const bare = new DOMException('stopped', 'AbortError')
    expect([reason, bare].map((error) => isClientEnd(error, abort.signal))).toEqual([false, false])
    abort.abort(reason)
    for (const error of [reason, new Error('caused', { cause: reason }), bare])
      expect(isClientEnd(error, abort.signal), String(error)).toBe(true)
    for (const error of [new Error('other'), undefined])
      expect(isClientEnd(error, abort.signal), String(error)).toBe(false)
  })
})
