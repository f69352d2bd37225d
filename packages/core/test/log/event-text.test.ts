import { describe, expect, test } from 'vitest'
import { tcpAddress } from '../../src/addresses.ts'
import { eventText, eventTime, subjectOf } from '../../src/log/event-text.ts'

const connection = { id: 3, peer: tcpAddress('127.0.0.1', 5000), protocol: 'Echo' }

describe('eventText', () => {
  test('has namespace, subject and text, as far as there are any', () => {
    expect(eventText({ level: 'info', text: 'Ready' })).toBe('Ready')
    expect(eventText({ level: 'info', namespace: 'shop', text: '{count} sold', fields: { count: 2 } })).toBe(
      'shop 2 sold',
    )
    expect(eventText({ level: 'info', namespace: 'shop', text: 'Slow', connection })).toBe(
      'shop [Echo 3 127.0.0.1:5000] Slow',
    )
  })

  test('goes on with the error, indented', () => {
    const error = new Error('why\n2026-01-01 forged')
    error.stack = `${String(error)}\n    at somewhere`
    expect(eventText({ level: 'error', text: 'It failed', error })).toBe(
      'It failed\n    Error: why\n    2026-01-01 forged\n        at somewhere',
    )
  })

  test('escapes what namespace and label bring', () => {
    expect(eventText({ level: 'info', namespace: 'a\nb', label: 'c\rd', text: 'e' })).toBe('a\\nb [c\\rd] e')
  })
})

describe('subjectOf', () => {
  test('is the label, or else names the connection', () => {
    expect(subjectOf({ level: 'info', text: '', label: 'key.pem', connection })).toBe('key.pem')
    expect(subjectOf({ level: 'info', text: '', connection })).toBe('Echo 3 127.0.0.1:5000')
    expect(subjectOf({ level: 'info', text: '' })).toBeUndefined()
  })
})

describe('eventTime', () => {
  test('is the date in UTC, once there is one', () => {
    expect(eventTime({ level: 'info', text: '', timeMs: 1e12 })).toBe('2001-09-09T01:46:40.000Z')
    expect(eventTime({ level: 'info', text: '' })).toBeUndefined()
  })
})
