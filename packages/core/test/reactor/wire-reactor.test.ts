import { describe, expect, test } from 'vitest'
import { type Address, tcpAddress, unixAddress } from '../../src/index.ts'
import type { DialEvents, ConnectAttempt } from '../../src/reactor.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { OneProtocol } from '../one-protocol.ts'

/** Records the calls of `dial`. */
class Dialler extends MemoryReactor {
  readonly dialled: [Address, string | undefined][] = []

  protected override dial(address: Address, events: DialEvents, bindAddress?: string): ConnectAttempt {
    this.dialled.push([address, bindAddress])
    return super.dial(address, events)
  }
}

describe('WireReactor', () => {
  test('calls dial of its subclass for every connection, with the local address if one is given', () => {
    const reactor = new Dialler()
    reactor.connectTCP('192.0.2.1', 80, new OneProtocol(new Recorder()), { bindAddress: '192.0.2.7' })
    reactor.connectSSL('server.test', 443, new OneProtocol(new Recorder()))
    reactor.connectUNIX('/run/app', new OneProtocol(new Recorder()))
    expect(reactor.dialled).toEqual([
      [tcpAddress('192.0.2.1', 80), '192.0.2.7'],
      [tcpAddress('server.test', 443), undefined],
      [unixAddress('/run/app'), undefined],
    ])
  })

  test('rejects, and does not throw, when the certificate for listenSSL cannot be used', async () => {
    const tls = { cert: 'none', key: 'none' }
    const listening = new MemoryReactor().listenSSL(443, new OneProtocol(new Recorder()), tls)
    await expect(listening).rejects.toMatchObject({ name: 'TLSConfigurationError' })
  })
})
