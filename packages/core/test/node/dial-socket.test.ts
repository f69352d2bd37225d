import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Reactor } from '../../src/interfaces/reactor.ts'
import {
  type ClientEndpoint,
  ConnectError,
  HostnameEndpoint,
  TCPClientEndpoint,
  UNIXClientEndpoint,
} from '../../src/index.ts'
import { createReactor } from '../../src/node/node-reactor.ts'
import { HalfCloseRecorder, Recorder } from '../../src/testing/checks/recorder.ts'
import { OneProtocol } from '../one-protocol.ts'
import { quiet, socketPath, until } from './socket-harness.ts'

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

  test('connects, and knows both ends by number', async () => {
    const port = await listen()
    const client = await reactor
      .connectTCP('localhost', port, new OneProtocol(new Recorder()))
      .whenConnected()
    expect(client.transport.getPeer()).toMatchObject({ type: 'TCP', host: '127.0.0.1', port })
    await until(() => accepted.length > 0)
    expect(client.transport.getHost()).toMatchObject({ host: '127.0.0.1', port: accepted[0]?.remotePort })
  })

  test('connects from the address it is told', async () => {
    const port = await listen()
    const options = { bindAddress: '127.0.0.2' }
    const client = await reactor
      .connectTCP('127.0.0.1', port, new OneProtocol(new Recorder()), options)
      .whenConnected()
    expect(client.transport.getHost()).toMatchObject({ host: '127.0.0.2' })
  })

  test('fails with the kind of error that says why', async () => {
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

  test('throws at once for a port that makes no sense, and leaves nothing behind', () => {
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
      'a bindAddress that is none',
      (own) => new TCPClientEndpoint(own, '127.0.0.1', 9, { bindAddress: 'eth0' }),
      'ConnectBindError',
    ],
    [
      'a bindAddress that is none, by name,',
      (own) => new HostnameEndpoint(own, 'localhost', 9, { bindAddress: 'eth0' }),
      'ConnectBindError',
    ],
    ['a host that is none', (own) => new TCPClientEndpoint(own, 'xn--\ud800', 9), 'ConnectError'],
  ])(
    'an endpoint with %s rejects, throws nothing at the call, and leaves nothing',
    async (_what, make, name) => {
      const factory = new OneProtocol(new Recorder())
      const connecting = make(reactor).connect(factory)
      await expect(connecting).rejects.toMatchObject({ name })
      await expect(connecting).rejects.toBeInstanceOf(ConnectError)
      await until(() => factory.numPorts === 0)
      expect(reactor.getDelayedCalls()).toEqual([])
    },
  )

  test('tells nothing more once it is cancelled', async () => {
    const port = await listen()
    const client = new Recorder()
    const connector = reactor.connectTCP('127.0.0.1', port, new OneProtocol(client))
    const cancelled = connector.whenConnected()
    // The system has begun to connect by then.
    process.nextTick(() => connector.stopConnecting())
    await expect(cancelled).rejects.toHaveProperty('name', 'ConnectingCancelledError')
    await quiet()
    expect(accepted.map((socket) => socket.readableEnded)).toEqual([true])
    expect([client.made, [...reactor.connections], reactor.getDelayedCalls()]).toEqual([false, [], []])
  })

  test('times out when no answer comes in time', async () => {
    const factory = new OneProtocol(new Recorder())
    const port = await listen()
    // Looking the name up takes longer than the turn that this attempt is given.
    const connector = reactor.connectTCP('localhost', port, factory, { timeoutMs: 0 })
    await expect(connector.whenConnected()).rejects.toHaveProperty('name', 'TimeoutError')
    expect(factory.numPorts).toBe(0)
  })

  test('keeps its writing side open after the end of the peer', async () => {
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
