import { describe, expect, test } from 'vitest'
import { formatAddress, tcpAddress, unixAddress } from '../src/index.ts'

describe('tcpAddress', () => {
  test('sets the family of a numeric host', () => {
    expect(tcpAddress('127.0.0.1', 80)).toEqual({ type: 'TCP', family: 4, host: '127.0.0.1', port: 80 })
    expect(tcpAddress('::1', 80)).toEqual({ type: 'TCP', family: 6, host: '::1', port: 80 })
  })

  test('converts an IPv4-mapped IPv6 address to IPv4', () => {
    expect(tcpAddress('::ffff:192.0.2.1', 80)).toEqual(tcpAddress('192.0.2.1', 80))
    expect(tcpAddress('::FFFF:192.0.2.1', 80).family).toBe(4)
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
