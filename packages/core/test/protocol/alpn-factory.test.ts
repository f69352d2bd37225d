import { describe, expect, test } from 'vitest'
import { tcpAddress } from '../../src/addresses.ts'
import { ALPNFactory } from '../../src/protocol/alpn-factory.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { OneProtocol } from '../one-protocol.ts'

const session = (negotiatedProtocol: string | undefined) => ({
  negotiatedProtocol,
  serverName: undefined,
  version: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  peerCertificate: undefined,
})

describe('ALPNFactory', () => {
  const [modern, old] = [new Recorder(), new Recorder()]
  const peer = tcpAddress('127.0.0.1', 1)

  test('builds by the protocol that was settled, and the last where none was', () => {
    const factory = new ALPNFactory({ modern: new OneProtocol(modern), old: new OneProtocol(old) })
    expect(factory.acceptableProtocols).toEqual(['modern', 'old'])
    expect(factory.buildProtocol(peer, session('modern'))).toBe(modern)
    expect(factory.buildProtocol(peer, session('old'))).toBe(old)
    expect(factory.buildProtocol(peer, session(undefined))).toBe(old)
    expect(factory.buildProtocol(peer)).toBe(old)
    expect(factory.buildProtocol(peer, session('unheard of'))).toBeUndefined()
  })

  test('starts and stops its factories with itself', () => {
    const inner = new OneProtocol(modern)
    const factory = new ALPNFactory({ modern: inner })
    void factory.doStart()
    expect(inner.numPorts).toBe(1)
    void factory.doStop()
    expect(inner.numPorts).toBe(0)
  })

  test('wants at least one factory', () => {
    expect(() => new ALPNFactory({})).toThrow(/give one or more/)
  })
})
