import { describe, expect, test } from 'vitest'
import { crossedOutCode } from '../../src/rules/crossed-out-code.ts'
import { violationsOf } from '../violations-of.ts'

const path = 'packages/core/src/a.ts'

describe('crossedOutCode', () => {
  test.each([
    'const a = 1',
    "import { a } from './a.ts'",
    'if (a === b) {',
    '}',
    'this.#count += 1',
    'return this.#queue.take(5)',
    'call(a);',
  ])('finds // %s', (code) => {
    expect(violationsOf(crossedOutCode, { [path]: `\n// ${code}` })).toEqual([
      `${path}:2 is code in a comment`,
    ])
  })

  test.each(['// TODO later', '/* FIXME: does not work */'])('finds %s', (comment) => {
    expect(violationsOf(crossedOutCode, { [path]: comment })).toEqual([
      `${path}:1 is a reminder without a number`,
    ])
  })

  test.each([
    '// Counted before the check, so a head of exactly maxHeadBytes passes.',
    '// RFC 9112 §2.2: a server should ignore at least one empty line;',
    '// if (and only if) the peer has closed, the rest is dropped',
    '// TODO once docs/decisions/0007-limits.md is settled',
    '/** ```ts\n * const a = 1\n * ``` */',
    "const text = '// const a = 1'",
  ])('accepts %s', (text) => {
    expect(violationsOf(crossedOutCode, { [path]: text })).toEqual([])
  })
})
