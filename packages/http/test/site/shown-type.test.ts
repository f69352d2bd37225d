import { describe, expect, test } from 'vitest'
import { shownType } from '../../src/site/shown-type.ts'

describe('shownType', () => {
  test('is for sentences', () => {
    for (const [value, words] of [
      [undefined, 'undefined'],
      [null, 'null'],
      ['text', 'a string'],
      [5, 'a number'],
      [[], 'an array'],
      [{}, 'an object'],
      [Object.create(null), 'an object'],
      [{ constructor: 'x' }, 'an object'],
      [new Map(), 'a Map'],
      [shownType, 'a function'],
    ] as const)
      expect(shownType(value)).toBe(words)
  })
})
