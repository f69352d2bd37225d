import { describe, expect, test } from 'vitest'
import {
  ConnectionAborted,
  Factory,
  LocalProtocolError,
  NotConnectedError,
  tcpAddress,
} from '../../src/index.ts'
import { IncompleteReadError } from '../../src/stream.ts'
import { connectedPair, MemoryReactor, StringTransport } from '../../src/testing.ts'
import { ClientTLS, ServerTLS } from '../../src/tls.ts'
import { StreamWriter } from '../../src/stream/stream-protocol.ts'
import { HalfCloseRecorder, Recorder } from '../../src/checks/transport-harness.ts'
import { openConnection } from '../../src/transport/stream-transport.ts'
import { transportOptions } from '../../src/transport/transport-options.ts'
import { RecordingWire } from '../recording-wire.ts'
import { root, server } from '../tls/certificates.ts'
import { settleUntil } from '../tls/tls-memory-harness.ts'
import { Script } from './script.ts'

describe('StreamProtocol', () => {
  test('reads until the peer ends its side, can still write, then closes', async () => {
    const client = new HalfCloseRecorder()
    const echo = new Script(async (reader, writer) => {
      for await (const data of reader) await writer.write(data)
      await writer.write(' bye')
    })
    const pair = connectedPair(echo, client)
    pair.client.write('hello')
    await pair.reactor.settle()
    pair.client.loseWriteConnection()
    await pair.reactor.settle()
    expect(client.text).toBe('hello bye')
    expect(client.events.slice(-2)).toEqual(['read lost', 'lost ConnectionDone'])
    expect([pair.server.connected, pair.reactor.logged]).toEqual([false, []])
  })

  test('sends everything written when run returns, and closes', async () => {
    const transport = StringTransport.connect(new Script(async (_, writer) => void writer.write('welcome')))
    await transport.reactor.settle()
    expect([transport.value(), transport.ended]).toEqual(['welcome', true])
  })

  test('logs once and aborts when run throws', async () => {
    const fault = new Error('fault')
    const transport = StringTransport.connect(
      new Script(async (reader) => {
        await reader.read()
        throw fault
      }),
    )
    transport.receive('x')
    await transport.reactor.settle()
    expect(transport.signal.reason).toMatchObject({ name: 'ConnectionAborted', cause: fault })
    expect(transport.reactor.logged).toMatchObject([
      {
        level: 'error',
        text: 'A protocol failed; its connection is aborted',
        connection: { id: 1, protocol: 'Script' },
        error: fault,
      },
    ])
  })

  test('rejects pending reads and writes when the connection breaks, and does not log that', async () => {
    const caught: unknown[] = []
    const note = async (work: Promise<unknown>): Promise<void> => {
      await work.catch((error: unknown) => {
        caught.push(error)
        throw error
      })
    }
    const readers = [
      StringTransport.connect(new Script((reader) => note(reader.readLine()))),
      StringTransport.connect(
        new Script(async (reader, writer) => {
          await reader.read()
          await note(writer.write('x'.repeat(100_000)))
        }),
      ),
    ]
    for (const transport of readers) {
      transport.block()
      transport.receive('a piece')
      await transport.reactor.settle()
      transport.receiveReset()
      await transport.reactor.settle()
      expect(transport.reactor.logged).toEqual([])
    }
    expect(caught).toEqual(readers.map(({ signal }) => signal.reason))
  })

  test('logs another failure even when the connection is gone', async () => {
    const transport = StringTransport.connect(
      new Script(async (reader) => {
        await reader.read().catch(() => undefined)
        throw new Error('while cleaning up')
      }),
    )
    transport.receiveReset()
    await transport.reactor.settle()
    expect(transport.reactor.logged.map(({ error }) => String(error))).toEqual(['Error: while cleaning up'])
  })

  test('logs at level info and closes when the input ends in the middle of a read', async () => {
    const transport = StringTransport.connect(
      new Script(async (reader) => void (await reader.readExactly(4))),
    )
    transport.receive('abc')
    transport.receiveEnd()
    await transport.reactor.settle()
    expect([transport.aborted, transport.connected]).toEqual([false, false])
    expect(transport.reactor.logged).toMatchObject([
      { level: 'info', error: expect.any(IncompleteReadError) },
    ])
  })

  test('logs at level info and closes when the peer sends a line that is too long', async () => {
    const transport = StringTransport.connect(
      new Script(async (reader) => void (await reader.readLine({ maxBytes: 10 }))),
    )
    transport.receive('x'.repeat(30))
    await transport.reactor.settle()
    expect([transport.aborted, transport.disconnecting]).toEqual([false, true])
    expect(transport.reactor.logged).toMatchObject([
      { level: 'info', text: 'A peer sent a line that is too long', error: { limitBytes: 10 } },
    ])
  })

  test('pauses the wire while run does not read, and loses no bytes', async () => {
    const [reactor, wire] = [new MemoryReactor(), new RecordingWire()]
    let proceed = (): void => undefined
    const received: Buffer[] = []
    const slow = new Script(async (reader) => {
      await new Promise<void>((resolve) => {
        proceed = resolve
      })
      for await (const data of reader) received.push(data)
    }, 1000)
    const [localAddress, peerAddress] = [tcpAddress('127.0.0.1', 80), tcpAddress('192.0.2.1', 5000)]
    const connection = openConnection({
      registry: reactor.registry,
      wire,
      localAddress,
      peerAddress,
      options: transportOptions({ readAheadBytes: 500 }),
    })
    void connection.begin(slow)
    const sent = Buffer.from(Array.from({ length: 1600 }, (_, at) => at % 251))
    for (let at = 0; at < 1600; at += 100) connection.wireData(sent.subarray(at, at + 100))
    expect(wire.calls).toEqual(['pause'])
    connection.wireEnded()
    proceed()
    await reactor.settle()
    expect(wire.calls).toEqual(['pause', 'resume', 'end'])
    expect(Buffer.concat(received).equals(sent)).toBe(true)
  })

  test('reads a unit that is longer than its bound', async () => {
    const client = new Recorder()
    const all = Buffer.alloc(300_000, 'abc')
    let whole = false
    const receiver = new Script(async (reader) => {
      whole = (await reader.readExactly(all.length)).equals(all)
    }, 10)
    const pair = connectedPair(receiver, client)
    pair.client.write(all)
    await pair.reactor.settle()
    expect([whole, client.reason?.name]).toEqual([true, 'ConnectionDone'])
  })

  test('passes unread bytes to the next protocol, and does not close the connection afterwards', async () => {
    const next = new Recorder()
    const transport = StringTransport.connect(
      new Script(async (reader, _, { transport: connection }) => {
        await reader.readLine()
        connection.switchProtocol(next, reader.takeUnread())
      }),
    )
    transport.receive('upgrade\nfirst ')
    await transport.reactor.settle()
    transport.receive('second')
    expect([next.text, transport.disconnecting]).toEqual(['first second', false])
  })

  test('rejects a pending read when another protocol takes over, and does not log that', async () => {
    const caught: unknown[] = []
    const transport = StringTransport.connect(
      new Script(async (reader) => {
        await reader.read().catch((error: unknown) => {
          caught.push(error)
          throw error
        })
      }),
    )
    transport.switchProtocol(new Recorder())
    await transport.reactor.settle()
    expect([caught.length, caught[0] instanceof LocalProtocolError]).toEqual([1, true])
    expect([transport.disconnecting, transport.reactor.logged]).toEqual([false, []])
  })

  test('reads the unread bytes of the protocol that it replaces', async () => {
    const transport = StringTransport.connect(new Recorder())
    transport.switchProtocol(
      new Script(async (reader, writer) => writer.write(`got ${await reader.readLine()}`)),
      Buffer.from('un'),
    )
    transport.receive('read\n')
    await transport.reactor.settle()
    expect([transport.value(), transport.ended]).toEqual(['got unread', true])
  })

  test('returns its unread bytes from takeUnread', () => {
    const protocol = new Script(async (reader) => void (await reader.readLine()), 1)
    StringTransport.connect(protocol).receive('not a line')
    expect(String(protocol.takeUnread())).toBe('not a line')
    expect(protocol.takeUnread()).toHaveLength(0)
  })

  test('can start TLS in the middle of run, at both ends', async () => {
    const lines: unknown[] = []
    const pair = connectedPair(
      new Script(async (reader, writer, { transport }) => {
        lines.push(await reader.readLine())
        await writer.write('go\n')
        transport.startTLS(new ServerTLS(server))
        lines.push(await reader.readLine(), transport.tlsSession?.version)
      }),
      new Script(async (reader, writer, { transport }) => {
        await writer.write('STARTTLS\n')
        lines.push(await reader.readLine())
        transport.startTLS(new ClientTLS({ serverName: 'localhost', trustRoots: [root] }))
        await writer.write('secret\n')
        await reader.read()
      }),
    )
    await settleUntil(pair.reactor, () => !pair.server.connected && !pair.client.connected)
    expect([lines, pair.reactor.logged]).toEqual([['STARTTLS', 'go', 'secret', 'TLSv1.3'], []])
  })

  test('never reads bytes from before the handshake as if they were encrypted', async () => {
    const read: unknown[] = []
    const transport = StringTransport.connect(
      new Script(async (reader, _, { transport: connection }) => {
        read.push(await reader.readLine())
        connection.startTLS(new ServerTLS(server))
        read.push(await reader.readLine())
      }),
    )
    transport.receive('STARTTLS\ninjected\n')
    await settleUntil(transport.reactor, () => !transport.connected)
    expect(read).toEqual(['STARTTLS'])
    expect(transport.signal.reason).toMatchObject({ name: 'ConnectionLost', cause: expect.any(Error) })
  })

  test('has time to finish when the reactor stops, which ends its input', async () => {
    const reactor = new MemoryReactor()
    const client = new Lasting()
    let finish = (): void => undefined
    class Server extends Script {
      constructor() {
        super(async (reader, writer) => {
          await reader.readLine()
          await new Promise<void>((resolve) => {
            finish = resolve
          })
          await writer.write(`response, then ${String(await reader.readLine())}`)
        })
      }
    }
    class Client extends Factory<Lasting> {
      override buildProtocol(): Lasting {
        return client
      }
    }
    await reactor.listenTCP(80, Factory.forProtocol(Server))
    reactor.connectTCP('server', 80, new Client())
    const running = reactor.run()
    await reactor.settle()
    client.transport.write('request\n')
    await reactor.settle()
    const stopped = reactor.stop()
    await reactor.settle()
    client.transport.write('too late\n')
    finish()
    await reactor.settle()
    expect([client.text, (await stopped).aborted]).toEqual(['response, then undefined', []])
    await running
  })

  test('does not close the connection of the next protocol when run fails', async () => {
    const next = new Recorder()
    const fault = new Error('too late')
    const transport = StringTransport.connect(
      new Script(async (_reader, _writer, self) => {
        self.transport.switchProtocol(next)
        throw fault
      }),
    )
    await transport.reactor.settle()
    expect([next.made, transport.connected]).toEqual([true, true])
    expect(transport.reactor.logged).toMatchObject([{ error: fault, connection: { protocol: 'Script' } }])
  })
})

/** A peer that does not close by itself, also when the reactor stops. */
class Lasting extends Recorder {
  drain(): Promise<void> {
    return new Promise(() => undefined)
  }
}

const options = { highWaterBytes: 4, lowWaterBytes: 2 }

function writing(): { transport: StringTransport; writer: StreamWriter; protocol: HalfCloseRecorder } {
  const protocol = new HalfCloseRecorder()
  const transport = StringTransport.connect(protocol, { options })
  return { transport, protocol, writer: new StreamWriter(transport) }
}

describe('StreamWriter', () => {
  test('queues at once, and resolves when the queue has space', async () => {
    const { transport, writer } = writing()
    const log: string[] = []
    transport.block()
    await writer.write('1234')
    transport.pump()
    const waiting = writer.write('5678').then(() => log.push('resolved'))
    await transport.reactor.settle()
    expect([transport.bufferedBytes, log]).toEqual([8, []])
    transport.unblock()
    await waiting
    await writer.drained()
    expect(transport.value()).toBe('12345678')
  })

  test('rejects with the reason when the connection is lost first, and for every later write', async () => {
    const { transport, writer, protocol } = writing()
    transport.block()
    const [waiting, drained] = [writer.write('12345'), writer.drained()]
    transport.pump()
    transport.receiveReset()
    for (const late of [waiting, drained, writer.write('6')])
      expect(await late.catch((error: unknown) => error)).toBe(protocol.reason)
  })

  test('rejects with ConnectionAborted and its cause when the queue exceeds its cap', async () => {
    const transport = StringTransport.connect(new HalfCloseRecorder(), {
      options: { ...options, maxBufferedBytes: 8 },
    })
    const writer = new StreamWriter(transport)
    transport.block()
    const [first, last] = [writer.write('123456789'), writer.write('0')]
    transport.pump()
    for (const write of [first, last]) {
      const error = await write.catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(ConnectionAborted)
      expect(String((error as Error).cause)).toContain('more than 8 bytes wait for the peer')
    }
  })

  test('causes no unhandled rejection when writes are not awaited', async () => {
    const { transport, writer } = writing()
    const unhandled: unknown[] = []
    const listener = (reason: unknown): unknown => unhandled.push(reason)
    process.on('unhandledRejection', listener)
    transport.block()
    void writer.write('12345')
    transport.receiveReset()
    void writer.write('6')
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', listener)
    expect(unhandled).toEqual([])
  })

  test('sends a FIN after everything written, and rejects later writes', async () => {
    const { transport, writer } = writing()
    void writer.write('bye')
    writer.end()
    expect([transport.value(), transport.ended, transport.connected]).toEqual(['bye', true, true])
    await expect(writer.write('more')).rejects.toBeInstanceOf(NotConnectedError)
  })

  test('rejects data that is neither bytes nor a string', async () => {
    await expect(writing().writer.write(5 as unknown as string)).rejects.toBeInstanceOf(TypeError)
  })
})
