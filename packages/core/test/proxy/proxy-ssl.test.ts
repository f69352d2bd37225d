import { describe, expect, test } from 'vitest'
import type { ProxySSL } from '../../src/proxy/proxy-header.ts'
import { parseProxySSL, writeProxySSL } from '../../src/proxy/proxy-ssl.ts'

describe('parseProxySSL and writeProxySSL', () => {
  const flags = (ssl: boolean, certConn: boolean, certSess: boolean): ProxySSL['client'] => ({
    ssl,
    certConn,
    certSess,
  })

  test.each<[string, ProxySSL]>([
    ['00 00000000', { client: flags(false, false, false), verify: 0 }],
    ['01 00000001', { client: flags(true, false, false), verify: 1 }],
    ['02 ffffffff', { client: flags(false, true, false), verify: 0xffff_ffff }],
    ['04 00000000 2100024142', { client: flags(false, false, true), verify: 0, version: 'AB' }],
  ])('know %s', (hex, ssl) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
    expect(parseProxySSL(bytes)).toEqual(ssl)
    expect(writeProxySSL(ssl).equals(bytes)).toBe(true)
  })

  test('ignore flags that mean nothing yet', () => {
    expect(parseProxySSL(Buffer.from('f900000000', 'hex')).client).toEqual(flags(true, false, false))
  })

  test.each([
    ['too short', '0000', 'malformed-tlv'],
    ['a field cut short', '0000000000210002', 'malformed-tlv'],
    ['two names', '000000000022000161220001 61', 'repeated-tlv'],
  ])('refuse %s', (_name, hex, violation) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
    expect(() => parseProxySSL(bytes)).toThrow(expect.objectContaining({ violation }))
  })
})
