import { EventEmitter, once } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { ConnectionAborted, ConnectionDone, tcpAddress, type Transport } from '../../src/index.ts'
import { connectedPair, leftovers, MemoryReactor, StringTransport } from '../../src/testing.ts'
import { Gate } from '../../src/checks/check.ts'
import { Echo, HalfCloseRecorder, Recorder } from '../../src/checks/transport-harness.ts'
import type { Connection } from '../../src/transport/connection.ts'
import { openConnection } from '../../src/transport/stream-transport.ts'
import { RecordingWire } from '../recording-wire.ts'

/** The promises of all transports are tested by the transport checks. Here are tests that need this class. */
describe('Connection', () => {
  const over = (
    wire: RecordingWire,
    protocol = new Recorder(),
  ): { connection: Connection; transport: Transport; reactor: MemoryReactor } => {
    const reactor = new MemoryReactor()
    const [localAddress, peerAddress] = [tcpAddress('127.0.0.1', 80), tcpAddress('192.0.2.1', 5000)]
    const connection = openConnection({ registry: reactor.registry, wire, localAddress, peerAddress })
    void connection.begin(protocol)
    return { connection, transport: connection.transport, reactor }
  }

  test('joins the writes of one turn, and flushes before it closes', () => {
    const client = new Recorder()
    const pair = connectedPair(new Echo(), client)
    pair.client.write('a')
    pair.client.write('b')
    pair.reactor.pump()
    expect(client.text).toBe('ab')
    pair.server.write(' bye')
    pair.server.loseConnection()
    pair.server.write(' lost')
    pair.reactor.pump()
    expect([client.text, client.reason?.name]).toEqual(['ab bye', 'ConnectionDone'])
    expect(pair.server.connected).toBe(false)
    expect(pair.reactor.getDelayedCalls()).toEqual([])
  })

  test('writes all output of one turn to the wire at once', () => {
    const wire = new RecordingWire()
    const { transport, reactor } = over(wire)
    for (let i = 0; i < 100; i++) transport.write(`${i} `)
    expect(wire.sent).toEqual([])
    reactor.pump()
    expect(wire.sent).toHaveLength(1)
  })

  test('passes socket options on to its wire', () => {
    const wire = new RecordingWire()
    const { transport } = over(wire)
    transport.setTcpNoDelay(false)
    transport.setTcpKeepAlive(true, 500)
    transport.setTcpKeepAlive(false)
    expect(wire.calls).toEqual(['no delay false', 'keep alive true 500', 'keep alive false 0'])
  })

  test('treats a reset after our FIN, during the lingering close, as a clean close', () => {
    const protocol = new Recorder()
    const transport = StringTransport.connect(protocol)
    transport.write('x')
    transport.loseConnection()
    transport.pump()
    transport.receiveReset()
    expect(protocol.reason).toBeInstanceOf(ConnectionDone)
  })

  test('distinguishes an abort from a close', () => {
    const [closed, aborted] = [
      StringTransport.connect(new Recorder()),
      StringTransport.connect(new Recorder()),
    ]
    closed.loseConnection()
    aborted.abortConnection()
    expect([closed.aborted, aborted.aborted]).toEqual([false, true])
    expect([closed.disconnecting, aborted.disconnecting]).toEqual([true, true])
  })

  test('has an aborted signal when it is first read after the end', () => {
    const protocol = new Recorder()
    const transport = StringTransport.connect(protocol)
    transport.receiveEnd()
    expect([transport.signal.aborted, transport.signal.reason]).toEqual([true, protocol.reason])
  })

  test('stopProducing closes the connection', () => {
    const transport = StringTransport.connect(new Recorder())
    transport.stopProducing()
    expect(transport.ended).toBe(true)
  })

  test('can be aborted while bytes are held and the wire has closed', () => {
    const protocol = new HalfCloseRecorder()
    const pair = connectedPair(protocol, new Recorder())
    pair.server.pauseProducing()
    pair.server.loseWriteConnection()
    pair.client.write('never read')
    pair.client.loseConnection()
    pair.reactor.pump()
    expect([pair.client.connected, pair.server.connected]).toEqual([false, true])
    pair.server.abortConnection()
    expect(protocol.lost).toBe(false)
    pair.reactor.pump()
    expect(protocol.reason).toBeInstanceOf(ConnectionAborted)
    expect(protocol.text).toBe('')
  })

  test('can be closed while bytes are held and the wire has closed', () => {
    const protocol = new HalfCloseRecorder()
    const pair = connectedPair(protocol, new Recorder())
    pair.server.pauseProducing()
    pair.server.loseWriteConnection()
    pair.client.write('never read')
    pair.client.loseConnection()
    pair.reactor.pump()
    pair.server.loseConnection()
    expect(protocol.lost).toBe(false)
    pair.reactor.pump()
    expect(protocol.reason).toBeInstanceOf(ConnectionDone)
    expect(pair.reactor.getDelayedCalls()).toEqual([])
  })

  test('is lost by itself when all held bytes were delivered', async () => {
    const gate = new Gate()
    const protocol = new (class extends HalfCloseRecorder {
      override dataReceived(data: Buffer): Promise<void> {
        void super.dataReceived(data)
        return gate.opened
      }
    })()
    const pair = connectedPair(protocol, new HalfCloseRecorder())
    pair.server.loseWriteConnection()
    pair.client.write('a')
    pair.reactor.pump()
    pair.client.write('b')
    pair.client.loseConnection()
    await pair.reactor.settle()
    expect(protocol.events).toEqual(['made', 'write lost', 'data a'])
    gate.open()
    await pair.reactor.settle()
    expect(protocol.events.slice(3)).toEqual(['data b', 'read lost', 'lost ConnectionDone'])
  })

  test('is aborted when held bytes are not taken for the grace after both ends, and counts them in the cause', async () => {
    const protocol = new (class extends HalfCloseRecorder {
      override dataReceived(data: Buffer): Promise<void> {
        void super.dataReceived(data)
        return new Promise(() => undefined)
      }
    })()
    const pair = connectedPair(protocol, new HalfCloseRecorder(), { options: { departureGraceMs: 1000 } })
    pair.server.loseWriteConnection()
    pair.client.write('a')
    pair.reactor.pump()
    pair.client.write('untaken')
    pair.client.loseConnection()
    pair.reactor.advance(999)
    expect(protocol.lost).toBe(false)
    pair.reactor.advance(100)
    expect(String(protocol.reason?.cause)).toBe(
      'Error: Cannot keep the connection: the protocol did not take the last 7 bytes within 1000 ms after both ends',
    )
    expect([protocol.text, leftovers(pair.reactor)]).toEqual(['a', []])
  })

  test('sends queued output when the grace of a paused protocol has passed', () => {
    const [protocol, client] = [new Recorder(), new HalfCloseRecorder()]
    const pair = connectedPair(protocol, client, { options: { departureGraceMs: 1000 } })
    pair.server.pauseProducing()
    pair.client.loseWriteConnection()
    pair.reactor.advance(999)
    pair.server.write('last bytes')
    pair.reactor.advance(100)
    expect([client.text, protocol.reason?.name]).toEqual(['last bytes', 'ConnectionDone'])
    expect([client.lost, leftovers(pair.reactor)]).toEqual([true, []])
  })

  test('waits for ever for a paused protocol when departureGraceMs is unlimited', () => {
    const protocol = new Recorder()
    const pair = connectedPair(protocol, new Recorder(), {
      options: { departureGraceMs: Number.MAX_SAFE_INTEGER },
    })
    pair.server.pauseProducing()
    pair.client.loseWriteConnection()
    pair.reactor.advance(1e9)
    expect([protocol.lost, pair.reactor.getDelayedCalls()]).toEqual([false, []])
    pair.server.resumeProducing()
    pair.reactor.pump()
    expect(protocol.reason?.name).toBe('ConnectionDone')
  })

  test('leaves no deadline, however it ends', () => {
    const ends: ((transport: StringTransport) => void)[] = [
      (transport) => transport.receiveReset(),
      (transport) => transport.receiveEnd(),
      (transport) => transport.abortConnection(),
      (transport) => transport.reactor.advance(100_000),
    ]
    const cases = ends.flatMap((end) => [true, false].map((blocked) => ({ end, blocked })))
    for (const { end, blocked } of cases) {
      const transport = StringTransport.connect(new Recorder())
      transport.block()
      transport.write('x'.repeat(100_000))
      transport.pump()
      if (!blocked) transport.unblock()
      transport.loseConnection()
      transport.pump()
      if (blocked) transport.abortConnection()
      end(transport)
      transport.pump()
      expect([transport.connected, transport.reactor.getDelayedCalls()]).toEqual([false, []])
    }
  })

  test('keeps the cause of the first abort', () => {
    const protocol = new Recorder()
    const transport = StringTransport.connect(protocol)
    transport.abortConnection('first')
    transport.abortConnection('second')
    transport.pump()
    expect(protocol.reason?.cause).toBe('first')
  })

  test('starts the lingering close only when all output has left', () => {
    const transport = StringTransport.connect(new Recorder())
    transport.block()
    transport.write('x'.repeat(100_000))
    transport.loseConnection()
    transport.receive(Buffer.alloc(1_000_000))
    expect(transport.connected).toBe(true)
    transport.unblock()
    expect([transport.bytes().length, transport.ended]).toEqual([100_000, true])
  })

  test('is lost at once by a reset, even if bytes are held', () => {
    const protocol = new HalfCloseRecorder()
    const transport = StringTransport.connect(protocol)
    transport.pauseProducing()
    transport.receive('held')
    transport.receiveEnd()
    transport.receiveReset()
    expect(protocol.events).toEqual(['made', 'lost ConnectionLost'])
  })

  test('holds bytes for a paused protocol for any number of turns', () => {
    const protocol = new HalfCloseRecorder()
    const pair = connectedPair(protocol, new Recorder())
    pair.server.pauseProducing()
    pair.server.loseWriteConnection()
    pair.client.write('late')
    pair.client.loseConnection()
    pair.reactor.pump()
    pair.server.resumeProducing()
    pair.server.pauseProducing()
    pair.reactor.pump()
    expect(protocol.events).toEqual(['made', 'write lost'])
    pair.server.resumeProducing()
    pair.reactor.pump()
    expect(protocol.events.slice(2)).toEqual(['data late', 'read lost', 'lost ConnectionDone'])
  })

  test('schedules the end of its turn once, however much is written', () => {
    const { transport, reactor } = over(new RecordingWire())
    const schedule = vi.spyOn(reactor.registry.turn, 'schedule')
    for (let i = 0; i < 10; i++) transport.write('x')
    expect(schedule).toHaveBeenCalledTimes(1)
    reactor.pump()
    transport.write('x')
    expect(schedule).toHaveBeenCalledTimes(2)
  })

  test.each([
    [
      'throws',
      (fault: Error): never => {
        throw fault
      },
    ],
    ['rejects', (fault: Error): Promise<never> => Promise.reject(fault)],
  ])('aborts once when drain %s', async (_way, fail) => {
    const fault = new Error('in drain')
    const protocol = Object.assign(new Recorder(), { drain: () => fail(fault) })
    const transport = StringTransport.connect(protocol)
    transport.drain()
    await transport.reactor.settle()
    expect(protocol.losses).toHaveLength(1)
    expect(protocol.reason).toMatchObject({ name: ConnectionAborted.name, cause: fault })
    expect(transport.reactor.getDelayedCalls()).toEqual([])
  })

  test('does not call drain while it is closing', () => {
    const drained: string[] = []
    const protocol = Object.assign(new Recorder(), { drain: () => void drained.push('drain') })
    const transport = StringTransport.connect(protocol)
    transport.loseConnection()
    transport.drain()
    expect(drained).toEqual([])
  })

  test('logs no fault when a callback fails because the connection ended', async () => {
    const protocol = new (class extends Recorder {
      override async dataReceived(): Promise<void> {
        await this.transport.send(Buffer.alloc(100_000))
        await this.transport.send('never')
      }
    })()
    const transport = StringTransport.connect(protocol)
    transport.block()
    transport.receive('x')
    transport.receiveReset()
    transport.failConnection(protocol.reason)
    await transport.reactor.settle()
    expect([protocol.reason?.name, transport.reactor.logged]).toEqual(['ConnectionLost', []])
  })

  test('does not log an AbortError that transport.signal caused, but logs other errors of the callback', async () => {
    const log = async (failed: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> => {
      const protocol = new (class extends Recorder {
        override async dataReceived(): Promise<void> {
          await failed(this.transport.signal)
        }
      })()
      const transport = StringTransport.connect(protocol)
      transport.receive('x')
      transport.receiveReset()
      await transport.reactor.settle()
      return transport.reactor.logged.map(({ error }) => String(error))
    }
    expect(await log((signal) => once(new EventEmitter(), 'never', { signal }))).toEqual([])
    const own = async (signal: AbortSignal): Promise<void> => {
      await once(new EventEmitter(), 'never', { signal }).catch(() => undefined)
      throw new Error('its own')
    }
    expect(await log(own)).toEqual(['Error: its own'])
  })

  test('accepts calls from a callback that continues after the connection is gone', async () => {
    const gate = new Gate()
    const returned: unknown[] = []
    const transport = StringTransport.connect(
      new (class extends Recorder {
        override async dataReceived(): Promise<void> {
          await gate.opened
          returned.push(this.transport.write('late'), await this.transport.drained())
          this.transport.pauseProducing()
          this.transport.resumeProducing()
          this.transport.loseConnection()
        }
      })(),
    )
    transport.receive('x')
    transport.receiveReset()
    gate.open()
    await transport.reactor.settle()
    expect([returned, transport.value(), transport.reactor.logged]).toEqual([[false, false], '', []])
  })

  test('logs a failure outside the callbacks, and aborts', () => {
    const [protocol, error] = [new Recorder(), new Error('late')]
    const transport = StringTransport.connect(protocol)
    transport.failConnection(error)
    transport.pump()
    expect(protocol.reason).toMatchObject({ name: 'ConnectionAborted', cause: error })
    expect(transport.reactor.logged).toMatchObject([{ level: 'error', source: protocol, error }])
  })

  test('logs the protocol that failed, also when another one is current', async () => {
    class Early extends Recorder {
      override async dataReceived(): Promise<void> {
        this.transport.switchProtocol(new Recorder())
        await Promise.resolve()
        throw new Error('too late')
      }
    }
    const transport = StringTransport.connect(new Early())
    transport.receive('x')
    await transport.reactor.settle()
    expect(transport.reactor.logged).toMatchObject([
      { level: 'error', connection: { id: 1, protocol: 'Early' } },
    ])
    expect(transport.connected).toBe(false)
  })

  test('aborts only its own connection when a written buffer was transferred before it was sent', () => {
    const pair = connectedPair(new Recorder(), new Recorder())
    const bytes = new Uint8Array(10)
    pair.server.write('and')
    pair.server.write(bytes)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    const other = connectedPair(new Recorder(), new Echo(), { reactor: pair.reactor })
    other.server.write('unharmed')
    pair.reactor.pump()
    expect([pair.server.connected, other.server.connected]).toEqual([false, true])
    expect(pair.reactor.logged).toHaveLength(1)
  })
})
