import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { checksFor } from '../../src/checks.ts'
import {
  ConnectError,
  ConnectionAborted,
  createReactor,
  type Reactor,
  tcpAddress,
  unixAddress,
} from '../../src/index.ts'
import { IdleTimeout, Throttle } from '../../src/policies.ts'
import { DeadlineWheel } from '../../src/reactor.ts'
import { Clock, MemoryReactor } from '../../src/testing.ts'
import { faultChecks, peerChecks } from '../../src/checks/fault-checks.ts'
import { HalfCloseRecorder, Recorder } from '../../src/checks/transport-harness.ts'
import {
  type ClientEndpoint,
  HostnameEndpoint,
  TCPClientEndpoint,
  UNIXClientEndpoint,
} from '../../src/endpoints.ts'
import { connectFailure } from '../../src/transport/dial-by-name.ts'
import { localAddressOf, peerAddressOf, SocketWire } from '../../src/node/socket-wire.ts'
import { OneProtocol } from '../one-protocol.ts'
import { abortedAfterEach, runChecks, runWireChecks } from '../run-checks.ts'
import {
  portOf,
  quiet,
  type SocketHarness,
  socketPath,
  tcpHarness,
  tlsHarness,
  unixHarness,
  until,
} from './socket-harness.ts'
import { type SystemWireHarness, tcpWires, unixWires } from './wire-harnesses.ts'

describe('SocketWire', () => {
  const kept = abortedAfterEach<SocketHarness>()

  describe('as a wire', () => {
    const wires = abortedAfterEach<SystemWireHarness>()

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

  describe('with a peer that reads slowly but steadily', () => {
    // The system reports the socket as writable only when more than 1 MiB is free: several times what is sent
    // within the deadlines.
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
    ])('sends everything, in spite of %s', async (_what, options) => {
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

  describe('over a socket that fails', () => {
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

    test('emits no error, before or after it is attached, and notifies of the close once', async () => {
      const socket = new Socket()
      const wire = new SocketWire(socket, new MemoryReactor())
      const calls: string[] = []
      const fault = new Error('broken')
      wire.attach({
        wireData: () => calls.push('data'),
        wireEnded: () => calls.push('ended'),
        wireWritable: () => calls.push('writable'),
        wireClosed: (error) => calls.push(`closed ${error === fault}`),
      })
      socket.destroy(fault)
      use(wire)
      await until(() => calls.length > 0)
      use(wire)
      await quiet()
      expect(calls).toEqual(['closed true'])
    })

    test('reports blocked from a failed write on, so that no loop writes for ever', async () => {
      const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
      const accepted = new Promise<Socket>((resolve) => void server.once('connection', resolve))
      await once(server, 'listening')
      const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' })
      const socket = await accepted
      const calls: string[] = []
      const wire = new SocketWire(socket, new MemoryReactor())
      const reset = once(client, 'close')
      client.resetAndDestroy()
      await reset
      expect(wire.write([Buffer.alloc(1000)])).toBe(false)
      wire.attach({
        wireData: () => undefined,
        wireEnded: () => undefined,
        wireWritable: () => calls.push('writable'),
        wireClosed: () => calls.push('closed'),
      })
      await until(() => calls.length > 0)
      expect(calls).toEqual(['closed'])
      server.close()
    })

    test('accepts every call before it is attached', async () => {
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
  ])('delivers at most 64 KiB at a time over %s, however much is sent', async (_kind, make) => {
    const [server, all] = [new Recorder(), Buffer.alloc(1_048_576, 'x')]
    const pair = await kept(make()).connect(server, new Recorder())
    pair.client.write(all)
    await until(() => server.bytes === all.length)
    expect(Math.max(...server.pieces.map(({ length }) => length))).toBeLessThanOrEqual(65_536)
  })

  // Only Linux lists the descriptors of a process.
  test.runIf(process.platform === 'linux').each([
    ['TCP', tcpHarness],
    ['a UNIX socket', unixHarness],
    ['TLS', tlsHarness],
  ])('leaves no descriptor of connections over %s, whichever side fails', async (_kind, make) => {
    const before = readdirSync('/proc/self/fd').length
    for (const check of checksFor(make().capabilities, [...faultChecks, ...peerChecks])) {
      const harness = kept(make())
      await check.run(harness)
      await harness.abortAll()
    }
    await until(() => readdirSync('/proc/self/fd').length <= before)
  })

  test('turns Nagle’s algorithm off at both ends', async () => {
    const harness = kept(tcpHarness())
    const socket = new Socket().on('error', () => undefined).connect(1, '127.0.0.1')
    // The method that every TCP socket ends up calling; the option itself cannot be read back.
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

  test('closes a TCP connection that is aborted while its shutdown is pending', async () => {
    const harness = kept(tcpHarness())
    const [server, client] = [new Recorder(), new HalfCloseRecorder()]
    const pair = await harness.connect(server, client)
    client.writeConnectionLost = () => pair.client.abortConnection()
    pair.client.loseWriteConnection()
    await until(() => client.lost && server.lost)
    expect(client.reason).toBeInstanceOf(ConnectionAborted)
  })

  describe('with a socket that is not read', () => {
    test.each([
      ['TCP', tcpHarness],
      ['TLS', tlsHarness],
    ])('notices a reset over %s after more bytes than its read-ahead', async (_kind, make) => {
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
    ])('notices a reset over %s after the FIN of the peer', async (_kind, make) => {
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

    test('notices a reset while a promise that never settles is pending', async () => {
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

    const paused = async (): Promise<{ clock: Clock; wire: SocketWire; calls: string[]; peer: Socket }> => {
      const clock = new Clock()
      const listening = createServer({ allowHalfOpen: true })
      await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
      const { port } = listening.address() as AddressInfo
      const peer = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => undefined)
      const [socket] = (await once(listening, 'connection')) as [Socket]
      listening.close()
      const wire = new SocketWire(socket, { deadlines: new DeadlineWheel(clock) })
      const calls: string[] = []
      wire.attach({
        wireData: () => calls.push('data'),
        wireEnded: () => calls.push('ended'),
        wireWritable: () => calls.push('writable'),
        wireClosed: () => calls.push('closed'),
      })
      expect(clock.getDelayedCalls()).toEqual([])
      wire.pause()
      expect(clock.getDelayedCalls().length).toBe(1)
      return { clock, wire, calls, peer }
    }

    test('stops checking the peer once it reads again, and leaves no timer of earlier pauses', async () => {
      const { clock, wire, calls, peer } = await paused()
      for (let rounds = 0; rounds < 3; rounds++) wire.pause()
      clock.advance(5000)
      expect([calls, clock.getDelayedCalls().length]).toEqual([[], 1])
      wire.resume()
      expect(clock.getDelayedCalls()).toEqual([])
      wire.abort()
      peer.destroy()
      await until(() => calls.includes('closed'))
    })

    test.each(['abort', 'close'] as const)(
      'stops checking the peer after %s, also when it is paused again',
      async (how) => {
        const { clock, wire, calls, peer } = await paused()
        wire[how]()
        wire.pause()
        await until(() => calls.includes('closed'))
        wire.pause()
        expect([calls, clock.getDelayedCalls()]).toEqual([['closed'], []])
        peer.destroy()
      },
    )

    test('stops checking the peer where the system cannot be asked', async () => {
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

/** The peer is checked once a second; the rest is for a busy machine. */
const PATIENCE_MS = 5_000

describe('dialSocket', () => {
  const reactor: Reactor = createReactor({ log: () => expect.unreachable() })
  const servers: Server[] = []
  const accepted: Socket[] = []
  const listen = async (): Promise<number> => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      accepted.push(socket.on('error', () => undefined).resume())
    }).listen(0, '127.0.0.1')
    servers.push(server)
    await until(() => server.listening)
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  afterEach(async () => {
    for (const transport of reactor.connections) transport.abortConnection()
    for (const socket of accepted.splice(0)) socket.destroy()
    for (const server of servers.splice(0)) server.close()
    await until(() => [...reactor.connections].length === 0)
  })

  test('connects, and gives both numeric addresses', async () => {
    const port = await listen()
    const client = await reactor
      .connectTCP('localhost', port, new OneProtocol(new Recorder()))
      .whenConnected()
    expect(client.transport.getPeer()).toMatchObject({ type: 'TCP', host: '127.0.0.1', port })
    await until(() => accepted.length > 0)
    expect(client.transport.getHost()).toMatchObject({ host: '127.0.0.1', port: accepted[0]?.remotePort })
  })

  test('connects from the given local address', async () => {
    const port = await listen()
    const options = { bindAddress: '127.0.0.2' }
    const client = await reactor
      .connectTCP('127.0.0.1', port, new OneProtocol(new Recorder()), options)
      .whenConnected()
    expect(client.transport.getHost()).toMatchObject({ host: '127.0.0.2' })
  })

  test('fails with the error class of the cause', async () => {
    const port = await listen()
    servers.pop()?.close()
    const to = (host: string, options = {}): Promise<Recorder> =>
      reactor.connectTCP(host, port, new OneProtocol(new Recorder()), options).whenConnected()
    await expect(to('127.0.0.1')).rejects.toMatchObject({
      name: 'ConnectionRefusedError',
      code: 'ECONNREFUSED',
    })
    await expect(to('127.0.0.1', { bindAddress: '192.0.2.1' })).rejects.toMatchObject({
      name: 'ConnectBindError',
    })
    const unix = reactor.connectUNIX(socketPath(), new OneProtocol(new Recorder())).whenConnected()
    await expect(unix).rejects.toMatchObject({ name: 'ConnectionRefusedError', code: 'ENOENT' })
  })

  test('throws at once for an invalid port, and leaves nothing behind', () => {
    const factory = new OneProtocol(new Recorder())
    expect(() => reactor.connectTCP('127.0.0.1', 70_000, factory)).toThrow(RangeError)
    expect(() => reactor.connectTCP('127.0.0.1', 80, factory, { bindAddress: 'nonsense' })).toThrow(TypeError)
    expect([factory.numPorts, reactor.getDelayedCalls()]).toEqual([0, []])
  })

  test.each<[string, (reactor: Reactor) => ClientEndpoint, string]>([
    [
      'a path that is too long',
      (own) => new UNIXClientEndpoint(own, `/tmp/${'x'.repeat(300)}`),
      'ConnectError',
    ],
    [
      'an invalid bindAddress',
      (own) => new TCPClientEndpoint(own, '127.0.0.1', 9, { bindAddress: 'eth0' }),
      'ConnectBindError',
    ],
    [
      'a name as bindAddress',
      (own) => new HostnameEndpoint(own, 'localhost', 9, { bindAddress: 'eth0' }),
      'ConnectBindError',
    ],
    ['an invalid host', (own) => new TCPClientEndpoint(own, 'xn--\ud800', 9), 'ConnectError'],
  ])(
    'an endpoint with %s rejects without a throw at the call, and leaves nothing behind',
    async (_what, make, name) => {
      const factory = new OneProtocol(new Recorder())
      const connecting = make(reactor).connect(factory)
      await expect(connecting).rejects.toMatchObject({ name })
      await expect(connecting).rejects.toBeInstanceOf(ConnectError)
      await until(() => factory.numPorts === 0)
      expect(reactor.getDelayedCalls()).toEqual([])
    },
  )

  test('calls nothing after it is cancelled', async () => {
    const port = await listen()
    const client = new Recorder()
    const connector = reactor.connectTCP('127.0.0.1', port, new OneProtocol(client))
    const cancelled = connector.whenConnected()
    // By then the system has begun to connect.
    process.nextTick(() => connector.stopConnecting())
    await expect(cancelled).rejects.toHaveProperty('name', 'ConnectingCancelledError')
    await quiet()
    expect(accepted.map((socket) => socket.readableEnded)).toEqual([true])
    expect([client.made, [...reactor.connections], reactor.getDelayedCalls()]).toEqual([false, [], []])
  })

  test('times out when the peer does not respond in time', async () => {
    const factory = new OneProtocol(new Recorder())
    const port = await listen()
    // The lookup of the name takes longer than the timeout of this attempt.
    const connector = reactor.connectTCP('localhost', port, factory, { timeoutMs: 0 })
    await expect(connector.whenConnected()).rejects.toHaveProperty('name', 'TimeoutError')
    expect(factory.numPorts).toBe(0)
  })

  test('keeps its writing side open after the FIN of the peer', async () => {
    const port = await listen()
    const client = new HalfCloseRecorder()
    await reactor.connectTCP('127.0.0.1', port, new OneProtocol(client)).whenConnected()
    await until(() => accepted.length > 0)
    const received: Buffer[] = []
    accepted[0]?.on('data', (data: Buffer) => received.push(data)).end()
    await until(() => client.events.includes('read lost'))
    client.transport.write('still here')
    await until(() => received.length > 0)
    expect(Buffer.concat(received).toString()).toBe('still here')
  })
})

const ADDRESS = tcpAddress('192.0.2.1', 80)

describe('connectFailure', () => {
  test.each([
    ['ECONNREFUSED', 'ConnectionRefusedError', 'no program listens there (ECONNREFUSED)'],
    ['ENOENT', 'ConnectionRefusedError', 'there is no such socket (ENOENT)'],
    ['ETIMEDOUT', 'TCPTimedOutError', 'the peer did not respond (ETIMEDOUT)'],
    ['ENOTFOUND', 'DNSLookupError', 'the name has no address (ENOTFOUND)'],
    ['EAI_AGAIN', 'DNSLookupError', 'the name service did not respond (EAI_AGAIN)'],
    ['EHOSTUNREACH', 'NoRouteError', 'the host cannot be reached (EHOSTUNREACH)'],
    ['ENETUNREACH', 'NoRouteError', 'the network cannot be reached (ENETUNREACH)'],
    ['EADDRNOTAVAIL', 'ConnectBindError', 'the local address cannot be used (EADDRNOTAVAIL)'],
    ['EADDRINUSE', 'ConnectBindError', 'the local address is in use (EADDRINUSE)'],
    ['EMFILE', 'ConnectError', 'connect EMFILE'],
  ])('converts %s to %s', (code, name, why) => {
    const cause = Object.assign(new Error(`connect ${code}`), { code })
    const failure = connectFailure(ADDRESS, cause)
    expect(failure).toMatchObject({ name, code, cause, address: ADDRESS })
    expect(failure.message).toBe(`Cannot connect to 192.0.2.1:80: ${why}`)
  })

  test('converts the AggregateError of several addresses', () => {
    const cause = Object.assign(new AggregateError([new Error('one'), new Error('two')], ''), {
      code: 'ECONNREFUSED',
    })
    expect(connectFailure(ADDRESS, cause)).toMatchObject({ name: 'ConnectionRefusedError', cause })
  })

  test('keeps the message of an error without a known code', () => {
    expect(connectFailure(ADDRESS, 'odd').message).toBe('Cannot connect to 192.0.2.1:80: odd')
    const silent = Object.assign(new Error(''), { code: 'EODD' })
    expect(connectFailure(ADDRESS, silent).message).toBe('Cannot connect to 192.0.2.1:80: EODD')
  })
})

describe('a destroyed socket', () => {
  test('has no peer, and the local address it was accepted on', () => {
    const [socket, here] = [new Socket(), tcpAddress('127.0.0.1', 80)]
    expect(peerAddressOf(socket, here)).toBeUndefined()
    expect(localAddressOf(socket, here)).toBe(here)
  })
})

describe('a UNIX socket', () => {
  test('has a peer without a path, and its own path as the local address', () => {
    const [socket, here] = [new Socket(), unixAddress('/run/app')]
    expect(peerAddressOf(socket, here)).toEqual(unixAddress(''))
    expect(localAddressOf(socket, here)).toBe(here)
  })
})

describe('a TCP socket', () => {
  test('has numeric addresses, IPv4 also where the system reports IPv6', () => {
    const socket = Object.create(Socket.prototype, {
      remoteAddress: { value: '::ffff:192.0.2.1' },
      remotePort: { value: 5000 },
      localAddress: { value: '::ffff:127.0.0.1' },
      localPort: { value: 80 },
    }) as Socket
    expect(peerAddressOf(socket, tcpAddress('::', 80))).toEqual(tcpAddress('192.0.2.1', 5000))
    expect(localAddressOf(socket, tcpAddress('::', 80))).toEqual(tcpAddress('127.0.0.1', 80))
  })
})
