import { describe, expect, test } from 'vitest'
import { LocalProtocolError, NotConnectedError } from '../../src/errors.ts'
import { LineReceiver } from '../../src/protocol/line-receiver.ts'
import { connectedPair } from '../../src/testing/connected-pair.ts'
import { HalfCloseRecorder, Recorder } from '../../src/testing/checks/recorder.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { ClientTLS } from '../../src/tls/client-tls.ts'
import { ServerTLS } from '../../src/tls/server-tls.ts'
import { root, server } from '../tls/certificates.ts'
import { settleUntil } from '../tls/tls-memory-harness.ts'

/** A line server that knows STARTTLS. */
class LineServer extends LineReceiver {
  readonly lines: string[] = []
  secured = 0

  override lineReceived(line: Buffer): void {
    this.lines.push(line.toString())
    if (line.toString() !== 'STARTTLS') return
    this.sendLine('go ahead')
    this.transport.startTLS(new ServerTLS(server))
  }

  handshakeCompleted(): void {
    this.secured++
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
  test('keeps the protocol, lets what was queued leave first, and protects the rest (statements 98 and 102)', async () => {
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

  test('never reads what came unprotected in the same segment as if it were protected', async () => {
    const [lines, client] = [new LineServer(), new Recorder()]
    const { reactor } = connectedPair(lines, client)
    client.transport.write('STARTTLS\r\nDELETE everything\r\n')
    await settleUntil(reactor, () => client.lost)
    expect(lines.lines).toEqual(['STARTTLS'])
    expect(lines.secured).toBe(0)
  })

  test('takes a ClientHello that came in the same segment for what it is', async () => {
    const lines = new LineServer()
    const client = new StartingClient()
    const { reactor } = connectedPair(lines, client)
    client.transport.write('STARTTLS\r\n')
    client.begin()
    client.transport.write('at once\r\n')
    // The server's plain answer comes before its handshake, so this client cannot go on; the server must not mind.
    await settleUntil(reactor, () => client.lost)
    expect(lines.lines).toEqual(['STARTTLS'])
  })

  test('gives the handshake what the protocol says is unread', async () => {
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

  test('cannot be asked for twice, nor once the connection is closing', async () => {
    const [one, two] = [new StartingClient(), new Recorder()]
    connectedPair(one, two)
    one.begin()
    expect(() => one.begin()).toThrow(LocalProtocolError)
    two.transport.loseConnection()
    expect(() => two.transport.startTLS(new ServerTLS(server))).toThrow(NotConnectedError)
  })

  test('carries half-close: an end of input, then the answer', async () => {
    const accepting = new (class extends HalfCloseRecorder {
      override makeConnection(transport: Parameters<Recorder['makeConnection']>[0]): void {
        void super.makeConnection(transport)
        transport.startTLS(new ServerTLS(server))
      }
      override readConnectionLost(): void {
        this.transport.write('answer')
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
    client.transport.write('question')
    client.transport.loseWriteConnection()
    await settleUntil(reactor, () => client.lost && accepting.lost)
    expect(accepting.text).toBe('question')
    expect(client.text).toBe('answer')
    expect(client.reason?.name).toBe('ConnectionDone')
  })
})
