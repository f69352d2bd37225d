import { describe, expect, test } from 'vitest'
import { formatComment, formatServerSentEvent } from '../../src/message/server-sent-event.ts'

describe('formatServerSentEvent', () => {
  test('has a line for each field, and an empty line at the end', () => {
    expect(formatServerSentEvent({ data: 'x' })).toBe('data: x\n\n')
    expect(formatServerSentEvent({ data: '', event: 'e', id: '7', retryMs: 0 })).toBe(
      'event: e\nid: 7\nretry: 0\ndata: \n\n',
    )
    expect(formatServerSentEvent({ retryMs: 5000 })).toBe('retry: 5000\n\n')
    expect(formatServerSentEvent({ id: '' })).toBe('id: \n\n')
    expect(formatServerSentEvent({})).toBe('')
  })

  test('splits data at line ends of every kind, so that it cannot add a field', () => {
    expect(formatServerSentEvent({ data: 'a\nid: 1\r\nb\rc\n' })).toBe(
      'data: a\ndata: id: 1\ndata: b\ndata: c\ndata: \n\n',
    )
  })

  test.each([
    { event: 'a\nb' },
    { event: 'a\rb' },
    { id: 'a\r\nb' },
    { id: 'a\0b' },
    { data: 5 },
    { data: null },
    { event: 5 },
    { retryMs: '5' },
  ])('refuses %j', (event) => {
    expect(() => formatServerSentEvent(event as object)).toThrow(TypeError)
  })

  test.each([-1, 0.5, NaN, Infinity])('refuses to retry after %s ms', (retryMs) => {
    expect(() => formatServerSentEvent({ retryMs })).toThrow(RangeError)
  })
})

test('formatComment begins every line with a colon', () => {
  expect(formatComment('')).toBe(':\n\n')
  expect(formatComment('a\nb')).toBe(': a\n: b\n\n')
})
