import { describe, expect, test } from 'vitest'
import { assertNever } from '../../src/bytes/assert-never.ts'

describe('assertNever', () => {
  test('names what was forgotten, should it be reached all the same', () => {
    expect(() => assertNever({ is: 'forgotten' } as never)).toThrow('{"is":"forgotten"}')
  })
})
