import { describe, expect, test } from 'vitest'
import { keepProxyHeader, proxyHeaderOf } from '../../src/proxy/received-header.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'
import { claim } from './header-cases.ts'

describe('proxyHeaderOf', () => {
  test('answers the header of that connection and no other', () => {
    const [transport, other] = [new StringTransport(), new StringTransport()]
    const header = { version: 1, ...claim(undefined) } as const
    keepProxyHeader(transport, header)
    expect([proxyHeaderOf(transport), proxyHeaderOf(other)]).toEqual([header, undefined])
  })
})
