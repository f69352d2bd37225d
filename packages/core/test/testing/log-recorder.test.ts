import { describe, expect, test } from 'vitest'
import type { LogEvent } from '../../src/log.ts'
import { flushLoggedErrors, LogRecorder, MemoryReactor } from '../../src/testing.ts'

const [range, type] = [new RangeError('range'), new TypeError('type')]

describe('LogRecorder', () => {
  test('records events, and returns them as lines', () => {
    const recorder = new LogRecorder()
    const event: LogEvent = { level: 'info', namespace: 'shop', text: 'Open', label: 'x' }
    recorder.observer(event)
    expect(recorder.events).toEqual([event])
    expect(recorder.lines).toEqual(['shop [x] Open'])
  })

  test('removes and returns the errors of a class', () => {
    const recorder = new LogRecorder()
    for (const error of [range, type, range]) recorder.observer({ level: 'error', text: 'It failed', error })
    expect(recorder.flushLoggedErrors(RangeError)).toEqual([range, range])
    expect(recorder.events.map(({ error }) => error)).toEqual([type])
  })
})

describe('flushLoggedErrors', () => {
  test('removes every error when no class is given, and keeps events without an error', () => {
    const news: LogEvent = { level: 'info', text: 'Open' }
    const events: LogEvent[] = [
      { level: 'error', text: '', error: 'no error' },
      news,
      { level: 'warn', text: '', error: type },
    ]
    expect(flushLoggedErrors(events)).toEqual(['no error', type])
    expect(events).toEqual([news])
  })

  test('removes errors from the log of a memory reactor', () => {
    const reactor = new MemoryReactor()
    reactor.log({ level: 'error', text: 'It failed', error: range })
    reactor.log({ level: 'error', text: 'It failed', error: type })
    expect(reactor.flushLoggedErrors(TypeError)).toEqual([type])
    expect(reactor.flushLoggedErrors()).toEqual([range])
    expect(reactor.logged).toEqual([])
  })
})
