import { describe, expect, test } from 'vitest'
import { type Address, tcpAddress, unixAddress } from '../../src/addresses.ts'
import { ConnectionAborted, ConnectionDone, type ProxyProtocolError } from '../../src/errors.ts'
import { ProxyHeaderReader } from '../../src/proxy/proxy-header-reader.ts'
import { ProxyHeaderProtocol } from '../../src/proxy/proxy-opening.ts'
import { TrustedSources } from '../../src/proxy/trusted-sources.ts'
import { chunkings } from '../../src/testing/chunkings.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'

class Opened {
  readonly reactor: MemoryReactor = new MemoryReactor()
  readonly next: Recorder = new Recorder()
  readonly refusals: ProxyProtocolError[] = []
  readonly transport: StringTransport

  constructor(peerAddress: Address = tcpAddress('10.1.2.3', 4000)) {
    const opening = new ProxyHeaderProtocol({
      sources: new TrustedSources(['10.0.0.0/8']),
      reader: new ProxyHeaderReader(),
      headerTimeoutMs: 5000,
      opened: (transport, header, unread) => {
        this.next.events.push(`version ${header.version}`)
        transport.switchProtocol(this.next, unread)
      },
      refused: (_transport, why) => this.refusals.push(why),
    })
    this.transport = StringTransport.connect(opening, { reactor: this.reactor, peerAddress })
  }

  get cause(): unknown {
    const { reason } = this.transport.signal
    return reason instanceof ConnectionAborted ? reason.cause : undefined
  }
}

describe('ProxyHeaderProtocol', () => {
  test('hands over what comes behind the header, however it is cut', () => {
    for (const chunks of chunkings('PROXY UNKNOWN\r\nhello')) {
      const { transport, next } = new Opened()
      for (const chunk of chunks) transport.receive(chunk)
      expect([next.events.slice(0, 2), next.text]).toEqual([['version 1', 'made'], 'hello'])
    }
  })

  test('gives a peer so long for the whole header, however busy it is', () => {
    const { reactor, transport, next, refusals } = new Opened()
    for (let sent = 0; sent < 4; sent++) {
      transport.receive('PROX'.charAt(sent))
      reactor.advance(1200)
    }
    expect(transport.connected).toBe(true)
    reactor.advance(400)
    expect(transport.connected).toBe(false)
    expect(refusals.map(({ violation }) => violation)).toEqual(['header-timeout'])
    expect(refusals[0]?.message).toContain('5000 ms')
    transport.receive('Y UNKNOWN\r\n')
    expect(next.made).toBe(false)
  })

  test('minds the time no more once the header has come', () => {
    const { reactor, transport, refusals } = new Opened()
    transport.receive('PROXY UNKNOWN\r\n')
    reactor.advance(60_000)
    expect([transport.connected, refusals]).toEqual([true, []])
  })

  test('aborts what is no header, with the reason for cause', () => {
    const opened = new Opened()
    opened.transport.receive('GET')
    expect(opened.transport.connected).toBe(false)
    expect(opened.cause).toBe(opened.refusals[0])
    expect(opened.refusals[0]?.violation).toBe('not-a-header')
  })

  test.each([tcpAddress('192.0.2.1', 1), tcpAddress('2001:db8::1', 1), unixAddress('')])(
    'aborts at once whoever is not believed: $type $host',
    (peer) => {
      const opened = new Opened(peer)
      expect(opened.transport.connected).toBe(false)
      expect(opened.refusals.map(({ violation }) => violation)).toEqual(['untrusted-source'])
      expect(opened.cause).toBe(opened.refusals[0])
    },
  )

  test.each(['', 'PROXY UNKN'])('lets a peer leave without a word to anyone after %j', (sent) => {
    const { reactor, transport, next, refusals } = new Opened()
    transport.receive(sent)
    transport.receiveEnd()
    expect(transport.signal.reason).toBeInstanceOf(ConnectionDone)
    reactor.advance(10_000)
    expect([next.made, refusals, reactor.logged]).toEqual([false, [], []])
  })

  test('closes at once when the reactor stops', async () => {
    const { reactor, transport } = new Opened()
    const running = reactor.run({ installSignalHandlers: false })
    await reactor.settle()
    const stopping = reactor.stop()
    await reactor.settle()
    transport.receiveEnd()
    await reactor.settle()
    await Promise.all([running, stopping])
    expect(transport.connected).toBe(false)
  })
})
