import { describe, expect, test } from 'vitest'
import { unixAddress } from '../../src/index.ts'
import { writeProxyV2 } from '../../src/proxy.ts'
import { crc32c, parseProxyV2, proxyV2Length } from '../../src/proxy/proxy-v2.ts'
import { claim, ipv4, unix, v2Bytes, v2Cases } from './header-cases.ts'

describe('proxyV2Length', () => {
  const fixed = (versionAndCommand: number, family: number, length: number): Buffer => {
    const bytes = v2Bytes(versionAndCommand, family)
    bytes.writeUInt16BE(length, 14)
    return bytes
  }

  test('counts the fixed part too, and accepts a length at the limit', () => {
    expect(proxyV2Length(fixed(0x21, 0x11, 584), 600)).toBe(600)
    expect(() => proxyV2Length(fixed(0x21, 0x11, 585), 600)).toThrow(
      expect.objectContaining({ violation: 'header-too-large' }),
    )
  })

  test('accepts any family with LOCAL', () => {
    expect(proxyV2Length(fixed(0x20, 0xff, 3), 600)).toBe(19)
  })

  test.each([
    ['version 1', 0x11, 0x11, 12, 'unsupported-version'],
    ['version 3', 0x31, 0x11, 12, 'unsupported-version'],
    ['an unknown command', 0x22, 0x11, 12, 'unknown-command'],
    ['UDP over IPv4', 0x21, 0x12, 12, 'unsupported-transport'],
    ['UDP over IPv6', 0x21, 0x22, 36, 'unsupported-transport'],
    ['UNIX datagrams', 0x21, 0x32, 216, 'unsupported-transport'],
    ['a family without transport', 0x21, 0x10, 12, 'unknown-family'],
    ['a transport without family', 0x21, 0x01, 12, 'unknown-family'],
    ['an unknown family', 0x21, 0x41, 12, 'unknown-family'],
    ['an unknown transport', 0x21, 0x13, 12, 'unknown-family'],
    ['too little for IPv4', 0x21, 0x11, 11, 'malformed-addresses'],
    ['too little for IPv6', 0x21, 0x21, 35, 'malformed-addresses'],
    ['too little for UNIX', 0x21, 0x31, 215, 'malformed-addresses'],
  ])('refuses %s', (_name, versionAndCommand, family, length, violation) => {
    expect(() => proxyV2Length(fixed(versionAndCommand, family, length), 4096)).toThrow(
      expect.objectContaining({ violation }),
    )
  })
})

describe('parseProxyV2', () => {
  test('ignores addresses and fields with LOCAL', () => {
    const bytes = v2Bytes(0x20, 0x11, 'c0000207 c6336401 1092 01bb 02ffff')
    expect(parseProxyV2(bytes)).toEqual({
      version: 2,
      command: 'LOCAL',
      addresses: undefined,
      extensions: {},
    })
  })

  test('ends a path at its NUL, whatever bytes follow', () => {
    const body = Buffer.alloc(216, 'x')
    body.write('/run/app\0', 0)
    const { addresses } = parseProxyV2(v2Bytes(0x21, 0x31, body))
    expect(addresses).toEqual({ source: unixAddress('/run/app'), destination: unixAddress('x'.repeat(108)) })
  })

  test('verifies a checksum wherever the field is', () => {
    const bytes = v2Bytes(0x21, 0x00, '03 0004 00000000 04 0001 ff')
    bytes.writeUInt32BE(INDEPENDENT_CHECKSUM, 19)
    expect(parseProxyV2(bytes).command).toBe('PROXY')
  })

  test('finds every damaged byte of addresses and fields by the checksum', () => {
    const bytes = writeProxyV2(claim(ipv4, { authority: 'a.test' }), { checksum: true })
    expect(parseProxyV2(bytes)).toMatchObject({ addresses: ipv4, extensions: { authority: 'a.test' } })
    const checksumAt = bytes.length - 7
    for (let at = 16; at < bytes.length; at++) {
      if (at === checksumAt) continue // A change of the type makes it another field than a checksum.
      const damaged = Buffer.from(bytes)
      damaged.writeUInt8(bytes.readUInt8(at) ^ 0x40, at)
      expect(() => parseProxyV2(damaged)).toThrow(/^Cannot/)
    }
  })

  test('refuses a checksum of another size, and two of them', () => {
    expect(() => parseProxyV2(v2Bytes(0x21, 0x00, '03 0003 000000'))).toThrow(
      expect.objectContaining({ violation: 'malformed-tlv' }),
    )
    expect(() => parseProxyV2(v2Bytes(0x21, 0x00, '03 0004 00000000 03 0004 00000000'))).toThrow(
      expect.objectContaining({ violation: 'repeated-tlv' }),
    )
  })
})

describe('writeProxyV2', () => {
  test.each(v2Cases)('writes $name', ({ header, bytes }) => {
    expect(writeProxyV2(header).toString('hex')).toBe(bytes.toString('hex'))
  })

  test('writes no addresses and no fields with LOCAL', () => {
    expect(writeProxyV2({ ...claim(ipv4, { alpn: 'h2' }), command: 'LOCAL' }).equals(v2Bytes(0x20, 0))).toBe(
      true,
    )
  })

  test('refuses a path or a field that is too long', () => {
    const long = claim({ source: unixAddress('x'.repeat(109)), destination: unixAddress('') })
    expect(() => writeProxyV2(long)).toThrow(RangeError)
    expect(() => writeProxyV2(claim({ source: ipv4.source, destination: unix.destination }))).toThrow(
      TypeError,
    )
    const others = [1, 2].map((type) => ({ type, value: Buffer.alloc(40_000) }))
    expect(() => writeProxyV2(claim(ipv4, { others }))).toThrow(RangeError)
  })
})

/** Computes a CRC-32C bit by bit, without a table. */
const INDEPENDENT_CHECKSUM = 0x5f56_528c

describe('crc32c', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 0],
    ['the digits', Buffer.from('123456789'), 0xe306_9283],
    ['32 zeros', Buffer.alloc(32), 0x8a91_36aa],
    ['32 ones', Buffer.alloc(32, 0xff), 0x62a8_ab43],
    ['32 that ascend', Buffer.from(Array.from({ length: 32 }, (_, at) => at)), 0x46dd_794e],
    ['32 that descend', Buffer.from(Array.from({ length: 32 }, (_, at) => 31 - at)), 0x113f_db5c],
  ])('computes the value for %s (RFC 3720 §B.4)', (_name, bytes, sum) => {
    expect(crc32c(bytes)).toBe(sum)
  })

  test('continues from part to part', () => {
    expect(crc32c(Buffer.from('1234'), Buffer.alloc(0), Buffer.from('56789'))).toBe(0xe306_9283)
  })
})
