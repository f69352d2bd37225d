import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { bodyTooLarge, ContentLengthReader } from '../../src/codec/body-reader.ts'
import { readBody } from './body-readers.ts'

describe('bodyTooLarge', () => {
  test('has status 413, and names the limit', () => {
    expect(bodyTooLarge(5)).toMatchObject({
      statusCode: 413,
      message: 'Cannot accept more than 5 bytes of body',
    })
  })
})

describe('ContentLengthReader', () => {
  test('takes that many bytes and leaves the rest', () => {
    for (const pieces of chunkings('helloGET')) {
      expect(readBody(new ContentLengthReader(5), pieces)).toEqual({
        body: 'hello',
        trailers: [],
        unread: 'GET',
      })
    }
    expect(readBody(new ContentLengthReader(9), [Buffer.from('abc')]).trailers).toBeUndefined()
    expect(readBody(new ContentLengthReader(0), [Buffer.from('abc')])).toEqual({
      body: '',
      trailers: [],
      unread: 'abc',
    })
  })
})
