import { ByteQueue } from '@ropewalk/core/bytes'
import { describe, expect, test } from 'vitest'
import { UntilCloseReader } from '../../src/codec/until-close-reader.ts'
import { readBody } from './body-readers.ts'

describe('UntilCloseReader', () => {
  test('takes all there is, and ends when the input does', () => {
    const reader = new UntilCloseReader()
    expect(readBody(reader, [Buffer.from('ab'), Buffer.from('c')])).toEqual({
      body: 'abc',
      trailers: undefined,
      unread: '',
    })
    reader.endOfInput()
    expect(reader.next(new ByteQueue())).toEqual({ type: 'end', trailers: [] })
  })
})
