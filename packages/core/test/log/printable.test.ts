import { describe, expect, test } from 'vitest'
import { printable } from '../../src/log/printable.ts'

describe('printable', () => {
  test.each([
    ['a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['\u001b[2Jgone\u0000', '\\x1b[2Jgone\\x00'],
    ['\u007f\u009b', '\\x7f\\x9b'],
    ['one\u2028two\u2029', 'one\\u2028two\\u2029'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
  ])('escapes what ends a line, moves the cursor or turns the writing: %j', (text, expected) => {
    expect(printable(text)).toBe(expected)
  })

  test('leaves every other text as it is', () => {
    expect(printable('Grüße, 世界 👩‍🚀 \\n %s {x}')).toBe('Grüße, 世界 👩‍🚀 \\n %s {x}')
  })
})
