import { describe, expect, test } from 'vitest'
import { tcpAddress, udpAddress, unixAddress } from '../../src/addresses.ts'
import { shownValue } from '../../src/log/shown-value.ts'
import { HOSTILE } from './hostile-values.ts'

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

  test('cuts what is longer than a thousand characters', () => {
    expect(shownValue('x'.repeat(1000))).toBe('x'.repeat(1000))
    expect(shownValue('x'.repeat(1001))).toBe(`${'x'.repeat(1000)}…`)
  })

  test.each(HOSTILE)('survives %s', (_name, hostile) => {
    expect(shownValue(hostile)).toContain('(unreadable)')
  })
})
