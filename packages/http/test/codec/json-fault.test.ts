import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonFaultAt } from '../../src/codec/json-fault.ts'

describe('jsonFaultAt', () => {
  test.each([
    ['', 0],
    [' ', 1],
    ['{', 1],
    ['}', 0],
    ['[1,]', 3],
    ['[1 2]', 3],
    ['[,1]', 1],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ['{"a":}', 5],
    ['{a:1}', 1],
    ["{'a':1}", 1],
    ['{"a":1]', 6],
    ['{"a":1}}', 7],
    ['1 1', 2],
    ['01', 1],
    ['-', 1],
    ['-x', 1],
    ['1.', 2],
    ['1.e', 2],
    ['1e+', 3],
    ['.5', 0],
    ['+1', 0],
    ['tru', 3],
    ['trux', 3],
    ['nulL', 3],
    ['NaN', 0],
    ['undefined', 0],
    ['"a', 2],
    ['"a\n"', 2],
    [String.raw`"\x"`, 2],
    [String.raw`"\u12g4"`, 5],
    [String.raw`"\u12"`, 5],
    ['"\\', 2],
    ['[1] //', 4],
    ['\ufeff1', 0],
    ['[[{"a":[1,{"b":x}]}]]', 15],
  ])('finds in %j the fault at %i', (text, at) => {
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError)
    expect(jsonFaultAt(text)).toBe(at)
  })

  test('finds a fault in every text that JSON.parse refuses, after a beginning that it could accept', () => {
    const unit = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      '1',
      '0',
      '-',
      '.',
      'e',
      'true',
      'null',
      ' ',
      '\\',
      'u00e9',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit }),
          fc.json().map((json) => json.slice(0, -1)),
        ),
        (text) => {
          let valid = true
          try {
            JSON.parse(text)
          } catch {
            valid = false
          }
          fc.pre(!valid)
          const at = jsonFaultAt(text)
          expect(at).toBeGreaterThanOrEqual(0)
          expect(at).toBeLessThanOrEqual(text.length)
          // The beginning has no fault of its own.
          expect(jsonFaultAt(text.slice(0, at))).toBe(at)
        },
      ),
    )
  })

  test('takes linear time, at any depth', () => {
    const start = process.cpuUsage().user
    for (const repeated of ['[', '{"a":', '"', '1', ' ', '\\', '[1,'])
      expect(jsonFaultAt(`${repeated.repeat(200_000)}x`)).toBeLessThanOrEqual(1_200_001)
    expect(process.cpuUsage().user - start).toBeLessThan(3_000_000)
  })
})
