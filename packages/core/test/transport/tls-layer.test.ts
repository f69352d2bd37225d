import { describe, expect, test } from 'vitest'
import { HalfCloseRecorder, Recorder } from '../../src/checks/transport-harness.ts'
import {
  ConnectionAborted,
  type ConnectionClosed,
  ConnectionLost,
  LineReceiver,
  LocalProtocolError,
  NotConnectedError,
} from '../../src/index.ts'
import { connectedPair, MemoryReactor, StringTransport } from '../../src/testing.ts'
import { ClientTLS, ServerTLS, type TLSSession } from '../../src/tls.ts'
import { TLSHandshakeProtocol } from '../../src/transport/tls-layer.ts'
import { OneProtocol } from '../one-protocol.ts'
import { root, server } from '../tls/certificates.ts'
import { settleUntil } from '../tls/tls-memory-harness.ts'

/** A line server that supports STARTTLS. */
class LineServer extends LineReceiver {
  readonly lines: string[] = []
  secured = 0
  lost = false

  override lineReceived(line: Buffer): void {
    this.lines.push(line.toString())
    if (line.toString() !== 'STARTTLS') return
    this.sendLine('go ahead')
    this.transport.startTLS(new ServerTLS(server))
  }

  handshakeCompleted(): void {
    this.secured++
  }

  override connectionLost(reason: ConnectionClosed): unknown {
    this.lost = true
    return super.connectionLost(reason)
  }
}

class StartingClient extends Recorder {
  begin(): void {
    this.transport.startTLS(new ClientTLS({ serverName: 'localhost', trustRoots: [root] }))
  }

  handshakeCompleted(): void {
    this.events.push('secured')
  }
}

describe('startTLS', () => {
  test.each(['loseConnection', 'abortConnection'] as const)(
    'does not reopen the input when takeUnread calls %s during startTLS',
    async (close) => {
      const calls: string[] = []
      class Closing extends Recorder {
        readConnectionLost(): void {
          calls.push('readConnectionLost')
        }
        takeUnread(): Buffer {
          this.transport[close]()
          return Buffer.alloc(0)
        }
      }
      const protocol = new Closing()
      const transport = StringTransport.connect(protocol)
      transport.startTLS(ServerTLS.from(server))
      await transport.reactor.settle()
      expect([calls, protocol.text]).toEqual([[], ''])
      expect(transport.connected).toBe(close === 'loseConnection')
    },
  )

  test('calls only connectionLost after a close during the handshake', async () => {
    const [lines, client] = [new LineServer(), new StartingClient()]
    const { reactor } = connectedPair(lines, client)
    client.transport.write('STARTTLS\r\n')
    await settleUntil(reactor, () => client.text === 'go ahead\r\n')
    lines.transport.loseConnection()
    client.begin()
    await settleUntil(reactor, () => lines.lost && client.lost)
    expect(lines.secured).toBe(0)
    expect(reactor.flushLoggedErrors()).toEqual([])
  })

  test('keeps the protocol, sends queued output first, and encrypts the rest', async () => {
    const [lines, client] = [new LineServer(), new StartingClient()]
    const { reactor } = connectedPair(lines, client)
    client.transport.write('STARTTLS\r\n')
    await settleUntil(reactor, () => client.text === 'go ahead\r\n')
    client.begin()
    client.transport.write('secret\r\n')
    await settleUntil(reactor, () => lines.lines.length === 2)
    expect(lines.lines).toEqual(['STARTTLS', 'secret'])
    expect(lines.secured).toBe(1)
    expect(client.events.filter((event) => event === 'made' || event === 'secured')).toEqual([
      'made',
      'secured',
    ])
  })

  test('never delivers bytes received unencrypted in the same segment as if they were encrypted', async () => {
    const [lines, client] = [new LineServer(), new Recorder()]
    const { reactor } = connectedPair(lines, client)
    client.transport.write('STARTTLS\r\nDELETE everything\r\n')
    await settleUntil(reactor, () => client.lost)
    expect(lines.lines).toEqual(['STARTTLS'])
    expect(lines.secured).toBe(0)
  })

  test('accepts a ClientHello received in the same segment', async () => {
    const lines = new LineServer()
    const client = new StartingClient()
    const { reactor } = connectedPair(lines, client)
    client.transport.write('STARTTLS\r\n')
    client.begin()
    client.transport.write('at once\r\n')
    // The server's unencrypted reply precedes its handshake, so this client fails. The server must not fail.
    await settleUntil(reactor, () => client.lost)
    expect(lines.lines).toEqual(['STARTTLS'])
  })

  test('passes the unread bytes of the protocol to the handshake', async () => {
    const reactor = new MemoryReactor()
    const eager = new (class extends Recorder {
      override dataReceived(data: Buffer): void {
        if (this.transport.tlsSession === undefined)
          this.transport.startTLS(new ServerTLS(server), data.subarray(1))
        else void super.dataReceived(data)
      }
    })()
    const client = new StartingClient()
    connectedPair(eager, client, { reactor })
    client.transport.write('!')
    client.begin()
    client.transport.write('protected')
    await settleUntil(reactor, () => eager.text.length > 0)
    expect(eager.text).toBe('protected')
  })

  test('throws when it is called twice, or while the connection is closing', async () => {
    const [one, two] = [new StartingClient(), new Recorder()]
    connectedPair(one, two)
    one.begin()
    expect(() => one.begin()).toThrow(LocalProtocolError)
    two.transport.loseConnection()
    expect(() => two.transport.startTLS(new ServerTLS(server))).toThrow(NotConnectedError)
  })

  test('lets a close wait for the handshake, so that written bytes are delivered first', async () => {
    const [lines, client] = [new LineServer(), new StartingClient()]
    const { reactor } = connectedPair(lines, client)
    lines.transport.startTLS(new ServerTLS(server))
    client.begin()
    client.transport.write('last line\r\n')
    client.transport.loseConnection()
    await settleUntil(reactor, () => client.lost && lines.lost)
    expect([lines.lines, lines.secured]).toEqual([['last line'], 1])
    expect([reactor.connections.size, reactor.getDelayedCalls()]).toEqual([0, []])
  })

  test('waits for a silent peer until the handshake deadline, even if output waits to be sent', async () => {
    const [mute, client] = [new Recorder(), new StartingClient()]
    const { reactor } = connectedPair(mute, client)
    client.transport.startTLS(
      new ClientTLS({ serverName: 'localhost', trustRoots: [root], handshakeTimeoutMs: 3000 }),
    )
    client.transport.write('waits')
    await settleUntil(reactor, () => mute.bytes > 0)
    reactor.advance(2999)
    expect(client.lost).toBe(false)
    reactor.advance(101)
    await settleUntil(reactor, () => client.lost && mute.lost)
    expect(client.losses).toHaveLength(1)
    expect(client.reason).toBeInstanceOf(ConnectionAborted)
    expect(client.reason?.cause).toMatchObject({ message: 'Cannot finish the TLS handshake within 3000 ms' })
    expect([reactor.connections.size, reactor.getDelayedCalls()]).toEqual([0, []])
  })

  test.each(['client', 'server'] as const)(
    'ends with the TLS error as the cause when a %s receives garbage instead of a handshake',
    async (side) => {
      const [garbler, secured] = [new Recorder(), new StartingClient()]
      const { reactor } = connectedPair(garbler, secured)
      if (side === 'client') secured.begin()
      else secured.transport.startTLS(new ServerTLS(server))
      garbler.transport.write('HTTP/1.1 400 Bad Request\r\n\r\n')
      await settleUntil(reactor, () => secured.lost && garbler.lost)
      expect(secured.losses).toHaveLength(1)
      expect(secured.reason).toBeInstanceOf(ConnectionLost)
      expect(secured.reason?.cause).toMatchObject({ code: expect.stringMatching(/^ERR_SSL_/) as string })
      expect([reactor.connections.size, reactor.getDelayedCalls()]).toEqual([0, []])
    },
  )

  test('ends once when the peer aborts in the middle of the handshake', async () => {
    const [breaker, client] = [new Recorder(), new StartingClient()]
    const { reactor } = connectedPair(breaker, client)
    client.begin()
    await settleUntil(reactor, () => breaker.bytes > 0)
    breaker.transport.abortConnection()
    await settleUntil(reactor, () => client.lost)
    expect(client.losses).toHaveLength(1)
    expect(client.reason).toBeInstanceOf(ConnectionLost)
    expect([reactor.connections.size, reactor.getDelayedCalls()]).toEqual([0, []])
  })

  test.each([
    [
      'a throw',
      (fault: Error): never => {
        throw fault
      },
    ],
    ['a rejection', (fault: Error): Promise<never> => Promise.reject(fault)],
  ])('logs %s in handshakeCompleted, and aborts this connection only', async (_way, fail) => {
    const fault = new Error('in handshakeCompleted')
    const [lines, client] = [
      new LineServer(),
      new (class extends StartingClient {
        override handshakeCompleted(): void {
          return fail(fault) as never
        }
      })(),
    ]
    const { reactor } = connectedPair(lines, client)
    lines.transport.startTLS(new ServerTLS(server))
    client.begin()
    await settleUntil(reactor, () => client.lost && lines.lost)
    expect(client.losses).toHaveLength(1)
    expect(client.reason).toMatchObject({ name: ConnectionAborted.name, cause: fault })
    expect(reactor.logged.map(({ error }) => error)).toEqual([fault])
    expect([reactor.connections.size, reactor.getDelayedCalls()]).toEqual([0, []])
  })

  test('supports half-close: an end of input, then the response', async () => {
    const accepting = new (class extends HalfCloseRecorder {
      override makeConnection(transport: Parameters<Recorder['makeConnection']>[0]): void {
        void super.makeConnection(transport)
        transport.startTLS(new ServerTLS(server))
      }
      override readConnectionLost(): void {
        this.transport.write('response')
        this.transport.loseConnection()
      }
    })()
    const client = new (class extends StartingClient {
      readConnectionLost(): void {
        this.transport.loseConnection()
      }
    })()
    const { reactor } = connectedPair(accepting, client)
    client.begin()
    client.transport.write('request')
    client.transport.loseWriteConnection()
    await settleUntil(reactor, () => client.lost && accepting.lost)
    expect(accepting.text).toBe('request')
    expect(client.text).toBe('response')
    expect(client.reason?.name).toBe('ConnectionDone')
  })
})

describe('TLSHandshakeProtocol', () => {
  test('calls completed when the handshake is complete', async () => {
    const reactor = new MemoryReactor()
    const sessions: TLSSession[] = []
    const opening = new TLSHandshakeProtocol(new ServerTLS(server), {
      completed: (transport, session) => {
        sessions.push(session)
        transport.loseConnection()
      },
      failed: (_transport, reason) => sessions.push(reason as never),
    })
    await reactor.listenTCP(443, new OneProtocol(opening))
    reactor.connectSSL('localhost', 443, new OneProtocol(new Recorder()), { trustRoots: [root] })
    await settleUntil(reactor, () => sessions.length > 0)
    expect(sessions[0]).toMatchObject({ serverName: 'localhost' })
  })

  test('calls failed with the cause when the connection is aborted during the handshake', () => {
    const failures: unknown[] = []
    const opening = new TLSHandshakeProtocol(new ServerTLS(server), {
      completed: () => failures.push('completed'),
      failed: (transport, reason, failed) => failures.push([transport.id, reason.cause, failed === opening]),
    })
    const transport = StringTransport.connect(opening)
    opening.abort('enough')
    transport.pump()
    expect(failures).toEqual([[transport.id, 'enough', true]])
  })
})
