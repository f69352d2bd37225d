import { describe, expect, test } from 'vitest'
import {
  allowsRange,
  type ConditionalRequest,
  entityTag,
  evaluatePreconditions,
  lastModifiedValue,
  weakTag,
} from '../../src/message/conditional.ts'
import { Headers } from '../../src/message/headers.ts'

const NOW = Date.UTC(2026, 0, 2)
const CHANGED = Date.UTC(2026, 0, 1, 12)
const SAME = 'Thu, 01 Jan 2026 12:00:00 GMT'
const BEFORE = 'Thu, 01 Jan 2026 11:59:59 GMT'
const AFTER = 'Thu, 01 Jan 2026 12:00:01 GMT'
const CURRENT = { etag: '"v1"', lastModifiedMs: CHANGED + 999 }

function requestWith(method: string, fields: Readonly<Record<string, string>>): ConditionalRequest {
  const requestHeaders = new Headers()
  for (const [name, value] of Object.entries(fields)) requestHeaders.setRawHeaders(name, [value])
  return { method, requestHeaders }
}

const GET = (fields: Readonly<Record<string, string>>): unknown =>
  evaluatePreconditions(requestWith('GET', fields), CURRENT, NOW)
const PUT = (fields: Readonly<Record<string, string>>, current: object = CURRENT): unknown =>
  evaluatePreconditions(requestWith('PUT', fields), current, NOW)

describe('evaluatePreconditions', () => {
  test('proceeds without conditions, and with methods that have none', () => {
    expect(GET({})).toBe('proceed')
    for (const method of ['OPTIONS', 'TRACE', 'CONNECT']) {
      const request = requestWith(method, { 'If-Match': '"v2"', 'If-None-Match': '"v1"' })
      expect(evaluatePreconditions(request, CURRENT, NOW)).toBe('proceed')
    }
  })

  test.each(['"v1"', 'W/"v1"', '"a", "v1"', '"a,b" ,\tW/"v1"', ',"v1",,', '*'])(
    'If-None-Match %s matches weakly: 304 to GET and HEAD, 412 to others',
    (value) => {
      const head = requestWith('HEAD', { 'If-None-Match': value })
      expect(GET({ 'If-None-Match': value })).toBe(304)
      expect(evaluatePreconditions(head, CURRENT, NOW)).toBe(304)
      expect(PUT({ 'If-None-Match': value })).toBe(412)
    },
  )

  test.each(['"v2"', '"V1"', '"v1,"', '""', '"a", W/"b"'])(
    'If-None-Match %s does not match, whatever If-Modified-Since is',
    (value) => {
      expect(GET({ 'If-None-Match': value, 'If-Modified-Since': SAME })).toBe('proceed')
      expect(PUT({ 'If-None-Match': value })).toBe('proceed')
    },
  )

  test.each(['v1', '"v1', 'w/"v1"', '"v1" "v2"', '*, "v1"', '"v1";', '"v 1"', ''])(
    'a malformed If-None-Match %j matches nothing, and keeps PUT from being performed',
    (value) => {
      expect(GET({ 'If-None-Match': value, 'If-Modified-Since': SAME })).toBe('proceed')
      expect(PUT({ 'If-None-Match': value })).toBe(value === '' ? 'proceed' : 412)
    },
  )

  test('If-Match compares strongly', () => {
    for (const value of ['"v1"', '"v0", "v1"', '*']) expect(PUT({ 'If-Match': value }), value).toBe('proceed')
    for (const value of ['"v2"', 'W/"v1"', 'v1', '"v1']) expect(PUT({ 'If-Match': value }), value).toBe(412)
    expect(PUT({ 'If-Match': 'W/"v1"' }, { etag: 'W/"v1"' })).toBe(412)
    expect(PUT({ 'If-Match': '"v1"' }, {})).toBe(412)
    expect(GET({ 'If-Match': '"v2"' })).toBe(412)
  })

  test('a resource that does not exist matches no tag, and not *', () => {
    expect(PUT({ 'If-Match': '*' }, { exists: false })).toBe(412)
    expect(PUT({ 'If-None-Match': '*' }, { exists: false })).toBe('proceed')
  })

  test('If-Unmodified-Since compares seconds, and is ignored beside If-Match', () => {
    expect(PUT({ 'If-Unmodified-Since': SAME })).toBe('proceed')
    expect(PUT({ 'If-Unmodified-Since': AFTER })).toBe('proceed')
    expect(PUT({ 'If-Unmodified-Since': BEFORE })).toBe(412)
    expect(PUT({ 'If-Unmodified-Since': BEFORE, 'If-Match': '"v1"' })).toBe('proceed')
    expect(PUT({ 'If-Unmodified-Since': BEFORE }, { etag: '"v1"' })).toBe('proceed')
  })

  test('If-Modified-Since compares seconds, for GET and HEAD only', () => {
    expect(GET({ 'If-Modified-Since': SAME })).toBe(304)
    expect(GET({ 'If-Modified-Since': AFTER })).toBe(304)
    expect(GET({ 'If-Modified-Since': BEFORE })).toBe('proceed')
    expect(PUT({ 'If-Modified-Since': SAME })).toBe('proceed')
    expect(evaluatePreconditions(requestWith('GET', { 'If-Modified-Since': SAME }), {}, NOW)).toBe('proceed')
  })

  test('reads the obsolete formats of dates, and ignores what is not a date', () => {
    expect(GET({ 'If-Modified-Since': 'Thursday, 01-Jan-26 12:00:00 GMT' })).toBe(304)
    expect(GET({ 'If-Modified-Since': 'Thu Jan  1 12:00:00 2026' })).toBe(304)
    for (const wrong of ['yesterday', '', '1767268800', `${SAME}, ${SAME}`]) {
      expect(GET({ 'If-Modified-Since': wrong })).toBe('proceed')
      expect(PUT({ 'If-Unmodified-Since': wrong })).toBe('proceed')
    }
  })

  test('checks If-Match before If-None-Match, and If-Unmodified-Since before If-Modified-Since', () => {
    expect(GET({ 'If-Match': '"v2"', 'If-None-Match': '"v1"' })).toBe(412)
    expect(GET({ 'If-Match': '"v1"', 'If-None-Match': '"v1"' })).toBe(304)
    expect(GET({ 'If-Unmodified-Since': BEFORE, 'If-Modified-Since': SAME })).toBe(412)
  })

  test('leaves out the conditions on a validator that is not known yet', () => {
    const request = requestWith('GET', { 'If-Match': '"v2"' })
    expect(evaluatePreconditions(request, { lastModifiedMs: CHANGED }, NOW, 'date')).toBe('proceed')
    const dated = requestWith('GET', { 'If-Modified-Since': SAME })
    expect(evaluatePreconditions(dated, { etag: '"v1"' }, NOW, 'tag')).toBe('proceed')
    const both = requestWith('GET', { 'If-Modified-Since': SAME, 'If-None-Match': '"v2"' })
    expect(evaluatePreconditions(both, { lastModifiedMs: CHANGED }, NOW, 'date')).toBe('proceed')
  })

  test('takes several lines as one list', () => {
    const requestHeaders = new Headers()
    requestHeaders.setRawHeaders('If-None-Match', ['"a"', '"v1"'])
    expect(evaluatePreconditions({ method: 'GET', requestHeaders }, CURRENT, NOW)).toBe(304)
  })

  test('takes linear time for hostile lists', () => {
    for (const value of [
      ' ,'.repeat(50_000),
      '"a" '.repeat(20_000),
      '"'.repeat(100_000),
      '"a",'.repeat(25_000),
    ])
      expect(GET({ 'If-None-Match': `${value}x` })).toBe('proceed')
  })
})

describe('allowsRange', () => {
  const allows = (ifRange: string, current: object = CURRENT, nowMs: number = NOW): boolean =>
    allowsRange(requestWith('GET', { 'If-Range': ifRange }).requestHeaders, current, nowMs)

  test('is true without If-Range, and for the current strong validator', () => {
    expect(allowsRange(new Headers(), CURRENT, NOW)).toBe(true)
    expect(allows('"v1"')).toBe(true)
    expect(allows(SAME)).toBe(true)
  })

  test('is false for any other validator', () => {
    for (const other of ['"v2"', 'W/"v1"', BEFORE, AFTER, '*', 'v1', '"v1", "v2"']) {
      expect(allows(other), other).toBe(false)
    }
    expect(allows('W/"v1"', { etag: 'W/"v1"' })).toBe(false)
    expect(allows('"v1"', {})).toBe(false)
    expect(allows(SAME, {})).toBe(false)
  })

  test('is false for a date whose second is not over', () => {
    expect(allows(SAME, CURRENT, CHANGED + 999)).toBe(false)
    expect(allows(SAME, CURRENT, CHANGED + 1000)).toBe(true)
  })

  test('is false when it was sent twice', () => {
    const headers = new Headers()
    headers.setRawHeaders('If-Range', ['"v1"', '"v1"'])
    expect(allowsRange(headers, CURRENT, NOW)).toBe(false)
  })
})

describe('entityTag', () => {
  test('quotes text, and leaves tags as they are', () => {
    expect(entityTag('v1')).toBe('"v1"')
    for (const tag of ['"v1"', 'W/"v1"', '""', '"a,b\xff"']) expect(entityTag(tag)).toBe(tag)
    expect(weakTag('"v1"')).toBe('W/"v1"')
    expect(weakTag('W/"v1"')).toBe('W/"v1"')
  })

  test.each(['', 'a b', 'a"b', 'W/"a', 'w/"a"', '"a\r\nSet-Cookie: x"', 'a\0', '\u0100', '"a""b"'])(
    'refuses %j',
    (text) => {
      expect(() => entityTag(text)).toThrow(TypeError)
    },
  )
})

test('lastModifiedValue is never later than now', () => {
  expect(lastModifiedValue(CHANGED + 999, NOW)).toBe(SAME)
  expect(lastModifiedValue(NOW + 5000, NOW)).toBe('Fri, 02 Jan 2026 00:00:00 GMT')
})
