import { describe, expect, test } from 'vitest'
import { END } from '../../src/wire/body-reader.ts'

describe('END', () => {
  test('is an end without trailers', () => {
    expect(END).toEqual({ type: 'end', trailers: [] })
  })
})
