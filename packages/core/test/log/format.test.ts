import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tcpAddress, udpAddress, unixAddress } from '../../src/addresses.ts'
import { ConnectionLost } from '../../src/errors.ts'
import {
  className,
  errorLines,
  eventRecord,
  eventText,
  eventTime,
  formatEvent,
  plainValue,
  printable,
  shownValue,
  subjectOf,
  UNREADABLE,
} from '../../src/log/format.ts'
import { HOSTILE } from './hostile-values.ts'

const connection = { id: 3, peer: tcpAddress('127.0.0.1', 5000), protocol: 'Echo' }

describe('eventText', () => {
  test('has namespace, subject and text, as far as the event has them', () => {
    expect(eventText({ level: 'info', text: 'Ready' })).toBe('Ready')
    expect(eventText({ level: 'info', namespace: 'shop', text: '{count} sold', fields: { count: 2 } })).toBe(
      'shop 2 sold',
    )
    expect(eventText({ level: 'info', namespace: 'shop', text: 'Slow', connection })).toBe(
      'shop [Echo 3 127.0.0.1:5000] Slow',
    )
  })

  test('appends the error, indented', () => {
    const error = new Error('why\n2026-01-01 forged')
    error.stack = `${String(error)}\n    at somewhere`
    expect(eventText({ level: 'error', text: 'It failed', error })).toBe(
      'It failed\n    Error: why\n    2026-01-01 forged\n        at somewhere',
    )
  })

  test('escapes control characters in namespace and label', () => {
    expect(eventText({ level: 'info', namespace: 'a\nb', label: 'c\rd', text: 'e' })).toBe('a\\nb [c\\rd] e')
  })
})

describe('subjectOf', () => {
  test('is the label, or else the connection', () => {
    expect(subjectOf({ level: 'info', text: '', label: 'key.pem', connection })).toBe('key.pem')
    expect(subjectOf({ level: 'info', text: '', connection })).toBe('Echo 3 127.0.0.1:5000')
    expect(subjectOf({ level: 'info', text: '' })).toBeUndefined()
  })
})

describe('eventTime', () => {
  test('is the date in UTC, once the event has one', () => {
    expect(eventTime({ level: 'info', text: '', timeMs: 1e12 })).toBe('2001-09-09T01:46:40.000Z')
    expect(eventTime({ level: 'info', text: '' })).toBeUndefined()
  })
})

describe('formatEvent', () => {
  test('fills in fields and their attributes', () => {
    const fields = { user: { name: 'Ann', tags: ['new'] }, count: 2, nothing: undefined }
    const text = '{user.name} ({user.tags.0}, {user.name.length}) has {count} and {nothing}, {nothing.more}'
    expect(formatEvent({ text, fields })).toBe('Ann (new, 3) has 2 and undefined, undefined')
  })

  test.each(['{other}', '{}', '{ count }', '{count', '{"count":1}', '{constructor}', '{toString}', '{0}'])(
    'leaves %s as it is, because it names no field',
    (text) => {
      expect(formatEvent({ text, fields: { count: 2 } })).toBe(text)
    },
  )

  test('fills in nothing without fields, and nothing within filled-in values', () => {
    expect(formatEvent({ text: 'The peer sent {secret}' })).toBe('The peer sent {secret}')
    expect(formatEvent({ text: '{value}', fields: { value: '{secret}', secret: 1 } })).toBe('{secret}')
    expect(formatEvent({ text: '{value}', fields: { value: "$& $1 $'" } })).toBe("$& $1 $'")
  })

  test.each(HOSTILE)('survives %s', (_name, hostile) => {
    expect(formatEvent({ text: 'before {hostile} after', fields: { hostile } })).toMatch(
      /^before .*\(unreadable\).* after$/,
    )
  })

  test('survives an attribute that throws', () => {
    const fields = {
      get broken(): never {
        throw new Error('no')
      },
    }
    expect(formatEvent({ text: '{broken} {broken.x}', fields })).toBe('(unreadable) (unreadable)')
  })

  test('is one line, whatever the fields contain', () => {
    const anything = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(anything, anything, (text, value) => {
        expect(formatEvent({ text: `${text}{value}`, fields: { value } })).not.toMatch(
          /[\p{Cc}\p{Zl}\p{Zp}]/u,
        )
      }),
    )
  })
})

describe('shownValue', () => {
  test.each([
    ['text', 'text'],
    [7, '7'],
    [7n, '7'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('s'), 'Symbol(s)'],
    [new RangeError('too far'), 'RangeError: too far'],
    [new URL('http://host/'), 'http://host/'],
    [{ a: [1] }, '{"a":[1]}'],
    [tcpAddress('::1', 80), '[::1]:80'],
    [udpAddress('192.0.2.1', 53), '192.0.2.1:53'],
    [unixAddress('/run/app'), 'unix:/run/app'],
    [{ type: 'TCP' }, '{"type":"TCP"}'],
    [{ type: 'UNIX', path: 5 }, '{"type":"UNIX","path":5}'],
    [[1, 'two'], '[1,"two"]'],
    [Object.create(null), '{}'],
    [new Uint8Array([1, 2]), '"0102"'],
  ])('shows %o', (value, expected) => {
    expect(shownValue(value)).toBe(expected)
  })

  test('cuts text after a thousand characters', () => {
    expect(shownValue('x'.repeat(1000))).toBe('x'.repeat(1000))
    expect(shownValue('x'.repeat(1001))).toBe(`${'x'.repeat(1000)}…`)
  })

  test.each(HOSTILE)('survives %s', (_name, hostile) => {
    expect(shownValue(hostile)).toContain('(unreadable)')
  })
})

describe('errorLines', () => {
  const heads = (error: unknown): string[] => errorLines(error).filter((line) => !/^ *at /.test(line))

  test('returns the stack', () => {
    const error = new TypeError('broken')
    expect(errorLines(error)).toEqual(error.stack?.split('\n'))
  })

  test('names the class when the stack was captured before the name was set', () => {
    expect(errorLines(new ConnectionLost('gone'))[0]).toBe('ConnectionLost: gone')
  })

  test('appends the causes', () => {
    const error = new Error('outer', { cause: new RangeError('middle', { cause: 'inner' }) })
    expect(heads(error)).toEqual(['Error: outer', 'Caused by: RangeError: middle', 'Caused by: inner'])
  })

  test('appends the errors of an AggregateError', () => {
    const error = new AggregateError([new Error('one'), 'two'], 'both failed')
    expect(heads(error)).toEqual([
      'AggregateError: both failed',
      '    One of them: Error: one',
      '    One of them: two',
    ])
  })

  test('ends when causes form a cycle or never end', () => {
    const circle = new Error('round')
    circle.cause = circle
    expect(heads(circle)).toEqual(['Error: round', 'Caused by: (and so on)'])
    class Endless extends Error {
      override get cause(): Error {
        return new Endless('again')
      }
    }
    expect(heads(new Endless('again')).at(-1)).toBe('Caused by: (and so on)')
  })

  test('shows a value that is not an error', () => {
    expect(errorLines({ code: 7 })).toEqual(['{"code":7}'])
    expect(errorLines('one\ntwo')).toEqual(['one\\ntwo'])
    expect(errorLines(Object.assign(new Error('bare'), { stack: undefined }))).toEqual(['Error: bare'])
  })

  test('escapes control characters in a message', () => {
    const error = new Error('clear \u001b[2J')
    expect(errorLines(error)[0]).toBe('Error: clear \\x1b[2J')
  })

  test.each(HOSTILE)('survives %s', (_name, hostile) => {
    expect(errorLines(hostile).join('\n')).toContain('(unreadable)')
  })
})

describe('eventRecord', () => {
  test('contains connection, peer and source, and the fields as an object of their own', () => {
    const overUnix = { id: 3, peer: unixAddress('/run/app'), protocol: 'Echo' }
    const fields = { count: 2 }
    const event = {
      level: 'info',
      namespace: 'shop',
      text: '{count} sold',
      connection: overUnix,
      fields,
    } as const
    expect(eventRecord({ ...event, source: new URL('http://shop/') })).toEqual({
      namespace: 'shop',
      connection: { id: 3, peer: 'unix:/run/app', protocol: 'Echo' },
      source: 'URL',
      template: '{count} sold',
      fields,
    })
  })

  test('has no template without fields', () => {
    expect(eventRecord({ level: 'info', text: 'Ready', label: 'x' })).toEqual({ label: 'x' })
  })
})

describe('className', () => {
  test('is the name of the class, and Object for an object without one', () => {
    expect([className(new Map()), className({}), className(Object.create(null))]).toEqual([
      'Map',
      'Object',
      'Object',
    ])
  })
})

describe('plainValue', () => {
  test('leaves JSON values as they are', () => {
    const value = { text: 'x', list: [1, true, null, { deep: [] }], none: undefined }
    expect(plainValue(value)).toEqual(value)
    expect(plainValue(value)).not.toBe(value)
  })

  test('converts values that JSON cannot represent', () => {
    const value = [1n, NaN, Symbol('s'), () => 1, new Uint8Array([1, 255]), new Date(0)]
    expect(plainValue(value)).toEqual([
      '1',
      'NaN',
      'Symbol(s)',
      '(function)',
      '01ff',
      '1970-01-01T00:00:00.000Z',
    ])
    expect(plainValue([new Map([['k', 1]]), new Set(['v'])])).toEqual([[['k', 1]], ['v']])
    expect(plainValue(new Uint8Array(501))).toBe(`${'00'.repeat(500)}…`)
  })

  test('keeps name, message, stack, fields and causes of errors', () => {
    const cause = new RangeError('why')
    const error = Object.assign(new Error('what', { cause }), { code: 'E' })
    expect(plainValue(error)).toEqual({
      name: 'Error',
      message: 'what',
      stack: error.stack,
      code: 'E',
      cause: { name: 'RangeError', message: 'why', stack: cause.stack },
    })
    expect(plainValue(new AggregateError([1], 'several'))).toMatchObject({ message: 'several', errors: [1] })
  })

  test('cuts cycles, and not a value that merely occurs twice', () => {
    const shared = { here: 1 }
    const value: Record<string, unknown> = { first: shared, second: shared }
    value['self'] = value
    expect(plainValue(value)).toEqual({ first: shared, second: shared, self: '(circular)' })
  })

  test.each([
    ['a long list', Array.from({ length: 1e6 }, () => 0)],
    ['a deep object', Array.from({ length: 5000 }).reduce<object>((inner) => ({ inner }), {})],
    ['many keys', Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`key ${at}`, at]))],
  ])('cuts %s after a thousand values', (_name, value) => {
    const text = JSON.stringify(plainValue(value))
    expect(text).toContain('…')
    expect(text.length).toBeLessThan(20_000)
  })

  test.each(HOSTILE)('survives %s, and keeps its neighbours', (_name, hostile) => {
    expect(plainValue({ before: 1, hostile, after: 2 })).toMatchObject({ before: 1, after: 2 })
    expect(() => JSON.stringify(plainValue(hostile))).not.toThrow()
  })

  test('marks the member that cannot be read', () => {
    const failing = (): never => {
      throw new Error('no')
    }
    expect(plainValue(Object.defineProperty({}, 'x', { get: failing, enumerable: true }))).toEqual({
      x: UNREADABLE,
    })
  })
})

describe('printable', () => {
  test.each([
    ['a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['\u001b[2Jgone\u0000', '\\x1b[2Jgone\\x00'],
    ['\u007f\u009b', '\\x7f\\x9b'],
    ['one\u2028two\u2029', 'one\\u2028two\\u2029'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
  ])(
    'escapes characters that end a line, move the cursor or change the direction of writing: %j',
    (text, expected) => {
      expect(printable(text)).toBe(expected)
    },
  )

  test('leaves every other text as it is', () => {
    expect(printable('Grüße, 世界 👩‍🚀 \\n %s {x}')).toBe('Grüße, 世界 👩‍🚀 \\n %s {x}')
  })
})
