import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { ConnectionAborted } from '../../src/errors.ts'
import { createReactor } from '../../src/node/node-reactor.ts'
import { SocketWire } from '../../src/node/socket-wire.ts'
import { IdleTimeout } from '../../src/policy/idle-timeout.ts'
import { Throttle } from '../../src/policy/throttle.ts'
import { faultChecks } from '../../src/testing/checks/fault-checks.ts'
import { peerChecks } from '../../src/testing/checks/peer-checks.ts'
import { HalfCloseRecorder, Recorder } from '../../src/testing/checks/recorder.ts'
import { Clock } from '../../src/testing/clock.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { checksFor } from '../../src/testing/transport-checks.ts'
import { DeadlineWheel } from '../../src/transport/deadline-wheel.ts'
import { OneProtocol } from '../one-protocol.ts'
import { runChecks, runWireChecks } from '../run-checks.ts'
import {
  portOf,
  quiet,
  type SocketHarness,
  tcpHarness,
  tlsHarness,
  unixHarness,
  until,
} from './socket-harness.ts'
import { type SystemWireHarness, tcpWires, unixWires } from './wire-harnesses.ts'

describe('SocketWire', () => {
  const harnesses: SocketHarness[] = []
  const kept = (harness: SocketHarness): SocketHarness => {
    harnesses.push(harness)
    return harness
  }

  afterEach(async () => {
    for (const harness of harnesses.splice(0)) await harness.abortAll()
  })

  describe('as a wire', () => {
    const made: SystemWireHarness[] = []
    const wires = (harness: SystemWireHarness): SystemWireHarness => {
      made.push(harness)
      return harness
    }
    afterEach(() => {
      for (const harness of made.splice(0)) harness.abortAll()
    })

    describe('over TCP', () => {
      runWireChecks(() => wires(tcpWires()))
    })
    describe('over a UNIX socket', () => {
      runWireChecks(() => wires(unixWires()))
    })
  })

  describe('over TCP', () => {
    runChecks(() => kept(tcpHarness()))
  })

  describe('over a UNIX socket', () => {
    runChecks(() => kept(unixHarness()))
  })

  describe('to a peer that reads slowly but steadily', () => {
    // The system shows room only when more than a megabyte is free: several times what passes within the deadlines.
    const bytes = 11_000_000
    class Download extends Recorder {
      override makeConnection(transport: Recorder['transport']): void {
        void super.makeConnection(transport)
        transport.write(Buffer.alloc(bytes))
        transport.loseConnection()
      }
    }

    test.each([
      ['a short writeStallMs', { transport: { writeStallMs: 200 } }],
      ['a short IdleTimeout', { policies: [new IdleTimeout(200)] }],
    ])('sends all, in spite of %s', async (_what, options) => {
      const reactor = createReactor({ log: () => undefined })
      const server = new Download()
      const port = await reactor.listenTCP(0, new OneProtocol(server), { interface: '127.0.0.1', ...options })
      const client = new Recorder()
      const policies = [new Throttle({ readBytesPerSecond: 3_000_000 })]
      reactor.connectTCP('127.0.0.1', portOf(port), new OneProtocol(client), { policies })
      await until(() => client.lost && server.lost)
      expect([client.bytes, client.reason?.name, server.reason?.name]).toEqual([
        bytes,
        'ConnectionDone',
        'ConnectionDone',
      ])
      await port.stopListening()
    })
  })

  describe('over a socket that breaks', () => {
    const use = (wire: SocketWire): void => {
      wire.write([Buffer.from('a'), 'b'])
      wire.end()
      wire.write(['late'])
      wire.pause()
      wire.resume()
      wire.setNoDelay(false)
      wire.setKeepAlive(true, 1000)
      wire.close()
      wire.abort()
    }

    test('lets no error out, before or after it is attached, and tells the end once', async () => {
      const socket = new Socket()
      const wire = new SocketWire(socket, new MemoryReactor())
      const told: string[] = []
      const fault = new Error('broken')
      wire.attach({
        wireData: () => told.push('data'),
        wireEnded: () => told.push('ended'),
        wireWritable: () => told.push('writable'),
        wireClosed: (error) => told.push(`closed ${error === fault}`),
      })
      socket.destroy(fault)
      use(wire)
      await until(() => told.length > 0)
      use(wire)
      await quiet()
      expect(told).toEqual(['closed true'])
    })

    test('takes nothing more once a write has failed, and before that is known, so that no loop writes for ever', async () => {
      const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
      const accepted = new Promise<Socket>((resolve) => void server.once('connection', resolve))
      await once(server, 'listening')
      const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' })
      const socket = await accepted
      const told: string[] = []
      const wire = new SocketWire(socket, new MemoryReactor())
      const reset = once(client, 'close')
      client.resetAndDestroy()
      await reset
      expect(wire.write([Buffer.alloc(1000)])).toBe(false)
      wire.attach({
        wireData: () => undefined,
        wireEnded: () => undefined,
        wireWritable: () => told.push('writable'),
        wireClosed: () => told.push('closed'),
      })
      await until(() => told.length > 0)
      expect(told).toEqual(['closed'])
      server.close()
    })

    test('takes every call on a socket that was never attached', async () => {
      const socket = new Socket()
      const wire = new SocketWire(socket, new MemoryReactor())
      socket.destroy(new Error('broken between accept and attach'))
      use(wire)
      await quiet()
      expect(socket.destroyed).toBe(true)
    })
  })

  test.each([
    ['TCP', tcpHarness],
    ['a UNIX socket', unixHarness],
  ])('delivers at most 64 KiB at a time over %s, however much comes (statement 20)', async (_kind, make) => {
    const [server, all] = [new Recorder(), Buffer.alloc(1_048_576, 'x')]
    const pair = await kept(make()).connect(server, new Recorder())
    pair.client.write(all)
    await until(() => server.bytes === all.length)
    expect(Math.max(...server.pieces.map(({ length }) => length))).toBeLessThanOrEqual(65_536)
  })

  // Only Linux tells which descriptors a process has.
  test.runIf(process.platform === 'linux').each([
    ['TCP', tcpHarness],
    ['a UNIX socket', unixHarness],
    ['TLS', tlsHarness],
  ])('leaves no descriptor of connections over %s, whoever fails', async (_kind, make) => {
    const before = readdirSync('/proc/self/fd').length
    for (const check of checksFor(make().capabilities, [...faultChecks, ...peerChecks])) {
      const harness = kept(make())
      await check.run(harness)
      await harness.abortAll()
    }
    await until(() => readdirSync('/proc/self/fd').length <= before)
  })

  test('turns Nagle’s algorithm off at both ends (statement 24 changed)', async () => {
    const harness = kept(tcpHarness())
    const socket = new Socket().on('error', () => undefined).connect(1, '127.0.0.1')
    // Where what is asked of every TCP socket arrives in the end; the system cannot be asked what it has set.
    const handle: object = Object.getPrototypeOf(Reflect.get(socket, '_handle'))
    const setNoDelay = vi.spyOn(handle as { setNoDelay(enabled: boolean): void }, 'setNoDelay')
    try {
      await harness.connect(new Recorder(), new Recorder())
      expect(setNoDelay.mock.calls).toEqual([[true], [true]])
    } finally {
      setNoDelay.mockRestore()
      socket.destroy()
    }
  })

  test('sends the parts of one write together, and passes socket options on', () => {
    const socket = new Socket()
    const asked: unknown[] = []
    vi.spyOn(socket, 'cork').mockImplementation(() => void asked.push('cork'))
    vi.spyOn(socket, 'uncork').mockImplementation(() => void asked.push('uncork'))
    vi.spyOn(socket, 'write').mockImplementation((part: unknown) => asked.push(part) > 0)
    vi.spyOn(socket, 'setNoDelay').mockImplementation((enabled) => (asked.push(enabled), socket))
    vi.spyOn(socket, 'setKeepAlive').mockImplementation((...options) => (asked.push(options), socket))
    const wire = new SocketWire(socket, new MemoryReactor())
    wire.write(['a', 'b', 'c'])
    wire.write(['alone'])
    wire.setNoDelay(false)
    wire.setKeepAlive(true, 500)
    expect(asked).toEqual(['cork', 'a', 'b', 'c', 'uncork', 'alone', false, [true, 500]])
  })

  test('ends a TCP connection that is aborted while its shutdown is under way', async () => {
    const harness = kept(tcpHarness())
    const [server, client] = [new Recorder(), new HalfCloseRecorder()]
    const pair = await harness.connect(server, client)
    client.writeConnectionLost = () => pair.client.abortConnection()
    pair.client.loseWriteConnection()
    await until(() => client.lost && server.lost)
    expect(client.reason).toBeInstanceOf(ConnectionAborted)
  })

  describe('with a peer that is not read from', () => {
    test.each([
      ['TCP', tcpHarness],
      ['TLS', tlsHarness],
    ])('notices its reset over %s behind more bytes than are read ahead', async (_kind, make) => {
      const harness = kept(make())
      const server = new Recorder()
      const pair = await harness.connect(server, new Recorder())
      pair.server.pauseProducing()
      pair.client.write(Buffer.alloc(1_048_576, 'x'))
      await quiet()
      const sinceMs = performance.now()
      pair.client.abortConnection()
      await until(() => server.lost)
      expect([server.reason?.name, server.bytes]).toEqual(['ConnectionLost', 0])
      expect(server.reason?.cause).toMatchObject({ code: 'ECONNRESET' })
      expect(performance.now() - sinceMs).toBeLessThan(PATIENCE_MS)
      expect(harness.reactor.getDelayedCalls()).toEqual([])
    })

    test.each([
      ['TCP', tcpHarness],
      ['TLS', tlsHarness],
    ])('notices its reset over %s after its end', async (_kind, make) => {
      const harness = kept(make())
      const server = new HalfCloseRecorder()
      const pair = await harness.connect(server, new Recorder())
      pair.client.loseWriteConnection()
      await until(() => server.events.includes('read lost'))
      pair.client.abortConnection()
      await until(() => server.lost)
      expect(server.events).toEqual(['made', 'read lost', 'lost ConnectionLost'])
      expect(harness.reactor.getDelayedCalls()).toEqual([])
    })

    test('notices its reset while a promise is pending that never settles', async () => {
      const server = new (class extends Recorder {
        override dataReceived(data: Buffer): Promise<void> {
          void super.dataReceived(data)
          return new Promise(() => undefined)
        }
      })()
      const harness = kept(tcpHarness())
      const pair = await harness.connect(server, new Recorder())
      pair.client.write('request')
      await until(() => server.text === 'request')
      pair.client.write(Buffer.alloc(1_048_576, 'x'))
      await quiet()
      pair.client.abortConnection()
      await until(() => server.lost)
      expect(server.reason?.name).toBe('ConnectionLost')
    })

    const paused = async (): Promise<{ clock: Clock; wire: SocketWire; told: string[]; peer: Socket }> => {
      const clock = new Clock()
      const listening = createServer({ allowHalfOpen: true })
      await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
      const { port } = listening.address() as AddressInfo
      const peer = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => undefined)
      const [socket] = (await once(listening, 'connection')) as [Socket]
      listening.close()
      const wire = new SocketWire(socket, { deadlines: new DeadlineWheel(clock) })
      const told: string[] = []
      wire.attach({
        wireData: () => told.push('data'),
        wireEnded: () => told.push('ended'),
        wireWritable: () => told.push('writable'),
        wireClosed: () => told.push('closed'),
      })
      expect(clock.getDelayedCalls()).toEqual([])
      wire.pause()
      expect(clock.getDelayedCalls().length).toBe(1)
      return { clock, wire, told, peer }
    }

    test('looks after it no more once it reads again, and none of many pauses is left', async () => {
      const { clock, wire, told, peer } = await paused()
      for (let rounds = 0; rounds < 3; rounds++) wire.pause()
      clock.advance(5000)
      expect([told, clock.getDelayedCalls().length]).toEqual([[], 1])
      wire.resume()
      expect(clock.getDelayedCalls()).toEqual([])
      wire.abort()
      peer.destroy()
      await until(() => told.includes('closed'))
    })

    test.each(['abort', 'close'] as const)(
      'looks after it no more after %s, also when it is paused again',
      async (how) => {
        const { clock, wire, told, peer } = await paused()
        wire[how]()
        wire.pause()
        await until(() => told.includes('closed'))
        wire.pause()
        expect([told, clock.getDelayedCalls()]).toEqual([['closed'], []])
        peer.destroy()
      },
    )

    test('looks after it no more where the system cannot be asked', async () => {
      const clock = new Clock()
      const socket = new Socket()
      const wire = new SocketWire(socket, { deadlines: new DeadlineWheel(clock) })
      wire.pause()
      clock.advance(1100)
      expect([socket.destroyed, clock.getDelayedCalls()]).toEqual([false, []])
      wire.close()
    })
  })
})

/** Once a second it is looked after; beside that, the machine may be busy. */
const PATIENCE_MS = 5_000
