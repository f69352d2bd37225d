import { describe, expect, test } from 'vitest'
import { crc32c } from '../../src/proxy/crc32c.ts'

describe('crc32c', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 0],
    ['the digits', Buffer.from('123456789'), 0xe306_9283],
    ['32 zeros', Buffer.alloc(32), 0x8a91_36aa],
    ['32 ones', Buffer.alloc(32, 0xff), 0x62a8_ab43],
    ['32 that ascend', Buffer.from(Array.from({ length: 32 }, (_, at) => at)), 0x46dd_794e],
    ['32 that descend', Buffer.from(Array.from({ length: 32 }, (_, at) => 31 - at)), 0x113f_db5c],
  ])('knows %s (RFC 3720 §B.4)', (_name, bytes, sum) => {
    expect(crc32c(bytes)).toBe(sum)
  })

  test('goes on from part to part', () => {
    expect(crc32c(Buffer.from('1234'), Buffer.alloc(0), Buffer.from('56789'))).toBe(0xe306_9283)
  })
})
