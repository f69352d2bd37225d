import { describe, expect, test } from 'vitest'
import { formatAddress, tcpAddress, unixAddress } from '../src/index.ts'
import { asIPv6, formatIP, parseIP, parseIPv4, parseIPv6 } from '../src/addresses.ts'

describe('tcpAddress', () => {
  test('sets the family of a numeric host', () => {
    expect(tcpAddress('127.0.0.1', 80)).toEqual({ type: 'TCP', family: 4, host: '127.0.0.1', port: 80 })
    expect(tcpAddress('::1', 80)).toEqual({ type: 'TCP', family: 6, host: '::1', port: 80 })
  })

  test('converts an IPv4-mapped IPv6 address to IPv4', () => {
    expect(tcpAddress('::ffff:192.0.2.1', 80)).toEqual(tcpAddress('192.0.2.1', 80))
    expect(tcpAddress('::FFFF:192.0.2.1', 80).family).toBe(4)
    expect(tcpAddress('::ffff:c000:201', 80)).toEqual(tcpAddress('192.0.2.1', 80))
    expect(tcpAddress('0:0:0:0:0:FFFF:192.0.2.1', 80)).toEqual(tcpAddress('192.0.2.1', 80))
    expect(tcpAddress('::ffff:0:c000:201', 80)).toMatchObject({ family: 6 })
    expect(tcpAddress('::ffff:abcd', 80)).toMatchObject({ family: 6, host: '::ffff:abcd' })
  })

  test('returns frozen addresses', () => {
    expect(Object.isFrozen(tcpAddress('127.0.0.1', 80))).toBe(true)
    expect(Object.isFrozen(unixAddress('/run/app'))).toBe(true)
  })
})

describe('formatAddress', () => {
  test('formats addresses for readers', () => {
    expect(formatAddress(tcpAddress('127.0.0.1', 80))).toBe('127.0.0.1:80')
    expect(formatAddress(tcpAddress('::1', 80))).toBe('[::1]:80')
    expect(formatAddress(tcpAddress('example.org', 80))).toBe('example.org:80')
    expect(formatAddress(unixAddress('/run/app.sock'))).toBe('unix:/run/app.sock')
  })
})

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
  ])('parses %s, and formats it as %s', (text, written) => {
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
  ])('returns undefined for %j', (text) => {
    expect(parseIP(text)).toBeUndefined()
  })

  test('parses one family only with parseIPv4 and parseIPv6', () => {
    expect(parseIPv4('::1')).toBeUndefined()
    expect(parseIPv6('192.0.2.7')).toBeUndefined()
    expect(parseIPv6('::ffff:192.0.2.7')?.length).toBe(16)
  })

  test('converts IPv4 to IPv6', () => {
    expect(asIPv6(Buffer.of(192, 0, 2, 7)).toString('hex')).toBe('00000000000000000000ffffc0000207')
    expect(asIPv6(Buffer.alloc(16, 1)).equals(Buffer.alloc(16, 1))).toBe(true)
  })
})
