import { describe, expect, test } from 'vitest'
import { asIPv6, formatIP, parseIP, parseIPv4, parseIPv6 } from '../src/ip-address.ts'

describe('parseIP and formatIP', () => {
  test.each([
    ['0.0.0.0', '0.0.0.0'],
    ['192.0.2.255', '192.0.2.255'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:C000:207', '192.0.2.7'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:0:0:0:7', '2001:db8::7'],
    ['2001:0db8::0007', '2001:db8::7'],
    ['10:0:1:0:0:2:3:4', '10:0:1::2:3:4'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'],
    ['0:0:1:2:3:4:5:6', '::1:2:3:4:5:6'],
    ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['0:a0:0:0a:1:1:1:1', '0:a0:0:a:1:1:1:1'],
    ['64:ff9b::192.0.2.7', '64:ff9b::c000:207'],
    ['::ffff:0:0', '0.0.0.0'],
  ])('reads %s, and writes %s', (text, written) => {
    const bytes = parseIP(text)
    expect(bytes && formatIP(bytes)).toBe(written)
  })

  test.each([
    '',
    ' ',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '1.2.3.4 ',
    '+1.2.3.4',
    '1..3.4',
    '0x1.2.3.4',
    ':',
    ':::',
    '1:::2',
    '::1::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '12345::',
    'g::',
    '::1%eth0',
    '[::1]',
    '::1.2.3',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '::01.2.3.4',
    '1:2:3:4:5:6:7:1.2.3.4',
  ])('reads no address in %j', (text) => {
    expect(parseIP(text)).toBeUndefined()
  })

  test('keeps the families apart for those who ask', () => {
    expect(parseIPv4('::1')).toBeUndefined()
    expect(parseIPv6('192.0.2.7')).toBeUndefined()
    expect(parseIPv6('::ffff:192.0.2.7')?.length).toBe(16)
  })

  test('carries IPv4 in IPv6', () => {
    expect(asIPv6(Buffer.of(192, 0, 2, 7)).toString('hex')).toBe('00000000000000000000ffffc0000207')
    expect(asIPv6(Buffer.alloc(16, 1)).equals(Buffer.alloc(16, 1))).toBe(true)
  })
})
