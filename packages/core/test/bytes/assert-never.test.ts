import { describe, expect, test } from 'vitest'
import { assertNever } from '../../src/bytes.ts'

describe('assertNever', () => {
  test('throws an error with the value when it is reached', () => {
    expect(() => assertNever({ is: 'forgotten' } as never)).toThrow('{"is":"forgotten"}')
  })
})
