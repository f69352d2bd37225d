import { describe, expect, test } from 'vitest'
import { bodyTooLarge, END } from '../../src/codec/body-reader.ts'

describe('END', () => {
  test('is an end without trailers', () => {
    expect(END).toEqual({ type: 'end', trailers: [] })
  })
})

describe('bodyTooLarge', () => {
  test('is answered with 413, and says what the limit was', () => {
    expect(bodyTooLarge(5)).toMatchObject({
      statusCode: 413,
      message: 'Cannot take more than 5 bytes of body',
    })
  })
})
