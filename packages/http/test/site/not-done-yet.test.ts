import { describe, expect, test } from 'vitest'
import { NOT_DONE_YET } from '../../src/site/not-done-yet.ts'

describe('NOT_DONE_YET', () => {
  test('can be taken for nothing else', () => {
    expect(String(NOT_DONE_YET)).toBe('Symbol(NOT_DONE_YET)')
  })
})
