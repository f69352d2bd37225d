import { describe, expect, test } from 'vitest'
import { nearestName } from '../../src/options/option-rules.ts'
import {
  anyText,
  anything,
  byteCount,
  callable,
  count,
  either,
  filledText,
  flag,
  having,
  listOf,
  milliseconds,
  oneOf,
  type OptionRule,
  optionsOf,
  path,
  quantity,
} from '../../src/options.ts'

/** Each rule with values at its limits: accepted values, wrong types, and values out of range. */
const CASES: readonly (readonly [
  string,
  OptionRule,
  readonly unknown[],
  readonly unknown[],
  readonly unknown[],
])[] = [
  ['milliseconds', milliseconds(), [0, 0.5, 2 ** 40], ['5', null, 5n], [-1, NaN, Infinity, -Infinity]],
  ['milliseconds, endless', milliseconds({ endless: true }), [0, Infinity], ['Infinity'], [NaN, -Infinity]],
  ['bytes', byteCount({ least: 1, most: 10 }), [1, 10], [true, '1'], [0, 11, 1.5, NaN, Infinity]],
  ['count', count(), [0, 7], [[], {}], [-1, 0.1, NaN]],
  ['quantity', quantity({ most: 1 }), [0, 0.25, 1], [undefined], [1.01, NaN]],
  ['quantity above', quantity({ above: 0, most: 1 }), [0.001, 1], ['1'], [0, -1, 1.1, NaN]],
  ['flag', flag, [true, false], [0, 1, 'true', null], []],
  ['anyText', anyText, ['a', ''], [1, null, undefined], []],
  ['text', filledText, ['a'], [1, null, undefined], ['']],
  ['path', path, ['/run/a'], [5, null], ['', 'a\0b']],
  ['callable', callable, [() => 0, Map], [{}, 'call'], []],
  ['anything', anything, [undefined, null, NaN], [], []],
  ['oneOf', oneOf('a', 'b'), ['a', 'b'], [['a'], 1], ['c', '', 'A']],
  ['listOf', listOf(count()), [[], [1, 2]], ['1', { 0: 1, length: 1 }, new Set([1]), [1, '2']], [[1, -2]]],
  [
    'optionsOf',
    optionsOf<{ readonly a: number }>({ a: count() }),
    [{}, { a: 1 }, { a: undefined }],
    [1, null, [], { a: '1' }, { b: 1 }, { b: undefined }],
    [{ a: -1 }],
  ],
  ['either', either(oneOf('same'), listOf(filledText), 'one'), ['same', ['x']], [1], ['other']],
  ['having', having('a set', 'has', 'add'), [new Set()], [new Map(), null, 'set', {}], []],
]

describe.each(CASES)('%s', (_name, rule, accepted, ofAnotherType, outOfRange) => {
  test('accepts valid values', () => {
    for (const value of accepted) expect(rule(value)).toBeUndefined()
  })

  test('refuses another type', () => {
    for (const value of ofAnotherType) expect(rule(value)).toMatchObject({ kind: 'type' })
  })

  test('refuses values out of range', () => {
    for (const value of outOfRange) expect(rule(value)).toMatchObject({ kind: 'range' })
  })
})

test('names the part of a value that is wrong', () => {
  const rule = optionsOf<{ readonly sizes: readonly number[] }>({ sizes: listOf(count()) })
  expect(rule({ sizes: [1, -2] })).toMatchObject({ at: '.sizes[1]', found: -2 })
  expect(rule({ size: [] })).toMatchObject({ at: '.size', wanted: 'sizes instead' })
})

const KNOWN = ['seed', 'seedGlobals', 'maxBodyBytes', 'keepAliveTimeoutMs', 'interface', 'backlog']

test.each([
  ['maxBodyByte', 'maxBodyBytes'],
  ['maxbodybytes', 'maxBodyBytes'],
  ['keepAliveTimeout', 'keepAliveTimeoutMs'],
  ['keepAlveTimeoutMs', 'keepAliveTimeoutMs'],
  ['interfaces', 'interface'],
  ['backlg', 'backlog'],
  ['seedGlobal', 'seedGlobals'],
])('finds for %s the name %s', (name, meant) => {
  expect(nearestName(name, KNOWN)).toBe(meant)
})

test.each(['host', '', 'timeout', 'b', 'x'.repeat(100_000)])('finds no name near %.10s', (name) => {
  expect(nearestName(name, KNOWN)).toBeUndefined()
})
