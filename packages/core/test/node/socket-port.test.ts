import { statSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import {
  CannotListenError,
  ConnectionRefusedError,
  createReactor,
  Factory,
  type ListeningPort,
  type Reactor,
} from '../../src/index.ts'
import type { LogEvent } from '../../src/log.ts'
import { Echo, HalfCloseRecorder, Recorder } from '../../src/checks/transport-harness.ts'
import { OneProtocol } from '../one-protocol.ts'
import { leaveStaleSocket } from './leave-stale-socket.ts'
import { pathOf, portOf, quiet, socketPath, until } from './socket-harness.ts'

const LOOPBACK = { interface: '127.0.0.1' }

describe('SocketPort', () => {
  const logged: LogEvent[] = []
  const ports: ListeningPort[] = []
  const reactor: Reactor = createReactor({ log: (event) => logged.push(event) })
  const connected = (port: ListeningPort, client: Recorder = new Recorder()): Promise<Recorder> =>
    reactor.connectTCP('127.0.0.1', portOf(port), new OneProtocol(client)).whenConnected()
  const kept = (port: ListeningPort): ListeningPort => {
    ports.push(port)
    return port
  }

  afterEach(async () => {
    await Promise.all(ports.splice(0).map((port) => port.stopListening()))
    for (const transport of reactor.connections) transport.abortConnection()
    await until(() => [...reactor.connections].length === 0)
    logged.length = 0
  })

  test('resolves once bound, with the real port of port 0', async () => {
    const port = kept(await reactor.listenTCP(0, Factory.forProtocol(Echo), LOOPBACK))
    expect(port.getHost()).toMatchObject({ type: 'TCP', family: 4, host: '127.0.0.1' })
    expect(portOf(port)).toBeGreaterThan(0)
  })

  test('names the address when it is in use, without starting the factory', async () => {
    const port = kept(await reactor.listenTCP(0, Factory.forProtocol(Echo), LOOPBACK))
    const factory = new OneProtocol(new Recorder())
    const refused = await reactor.listenTCP(portOf(port), factory, LOOPBACK).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(CannotListenError)
    expect(refused).toMatchObject({
      code: 'EADDRINUSE',
      message: `Cannot listen on 127.0.0.1:${portOf(port)}: the address is in use (EADDRINUSE)`,
    })
    expect(factory.numPorts).toBe(0)
  })

  test('names an interface that this machine does not have', async () => {
    const refused = reactor.listenTCP(0, Factory.forProtocol(Echo), { interface: '192.0.2.1' })
    await expect(refused).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      message: 'Cannot listen on 192.0.2.1:0: this machine has no such address (EADDRNOTAVAIL)',
    })
  })

  test('refuses an invalid port number', async () => {
    await expect(reactor.listenTCP(70_000, Factory.forProtocol(Echo))).rejects.toThrow(
      'Cannot take port 70000 for listenTCP',
    )
  })

  test('listens on every address, and gives IPv4 peers their IPv4 address', async () => {
    const server = new Recorder()
    const port = kept(await reactor.listenTCP(0, new OneProtocol(server)))
    const socket = connect(portOf(port), '127.0.0.1')
    await until(() => server.made)
    expect(server.transport.getPeer()).toMatchObject({ family: 4, host: '127.0.0.1', port: socket.localPort })
    expect(server.transport.getHost()).toMatchObject({ family: 4, host: '127.0.0.1', port: portOf(port) })
    socket.destroy()
  })

  test('responds to a client that sends data and FIN at once, as nc -N does', async () => {
    const port = kept(await reactor.listenTCP(0, Factory.forProtocol(Echo), LOOPBACK))
    const socket = connect(portOf(port), '127.0.0.1')
    const answer: Buffer[] = []
    let ended = false
    socket.on('data', (data) => answer.push(data)).on('end', () => (ended = true))
    socket.end('x')
    await until(() => ended)
    expect(Buffer.concat(answer).toString()).toBe('x')
  })

  test('stops without waiting for connections, which stay open', async () => {
    const factory = new OneProtocol(new Echo())
    const port = await reactor.listenTCP(0, factory, LOOPBACK)
    const client = new Recorder()
    const connector = reactor.connectTCP('127.0.0.1', portOf(port), new OneProtocol(client))
    await connector.whenConnected()
    const stopped = port.stopListening()
    expect(port.stopListening()).toBe(stopped)
    await stopped
    await port[Symbol.asyncDispose]()
    expect(factory.numPorts).toBe(0)
    client.transport.write('still up')
    await until(() => client.text === 'still up')
  })

  test('frees its address as soon as it has stopped', async () => {
    const port = await reactor.listenTCP(0, Factory.forProtocol(Echo), LOOPBACK)
    await port.stopListening()
    const again = kept(await reactor.listenTCP(portOf(port), Factory.forProtocol(Echo), LOOPBACK))
    expect(again.getHost()).toEqual(port.getHost())
  })

  test('listens again on an address just after it has closed the connections there itself', async () => {
    const server = new Recorder()
    const port = await reactor.listenTCP(0, new OneProtocol(server), LOOPBACK)
    const client = new Recorder()
    await reactor.connectTCP('127.0.0.1', portOf(port), new OneProtocol(client)).whenConnected()
    await until(() => server.made)
    // The side that sends FIN first keeps the address in TIME_WAIT; a listener must bind in spite of that.
    server.transport.loseConnection()
    await until(() => server.lost && client.lost)
    await port.stopListening()
    const again = kept(await reactor.listenTCP(portOf(port), Factory.forProtocol(Echo), LOOPBACK))
    expect(again.getHost()).toEqual(port.getHost())
  })

  test('does not listen while its reactor stops, nor afterwards', async () => {
    const stopping = createReactor()
    const run = stopping.run({ installSignalHandlers: false })
    const path = socketPath()
    const factory = new OneProtocol(new Recorder())
    const late = stopping.listenUNIX(path, factory)
    await Promise.all([
      expect(late).rejects.toThrow(`Cannot listen on unix:${path}: the reactor is stopping`),
      stopping.stop(),
      run,
    ])
    expect(factory.numPorts).toBe(0)
    expect(() => statSync(path)).toThrow('ENOENT')
  })

  test('closes a socket when its factory refuses or fails', async () => {
    const builds = [
      (): undefined => undefined,
      (): never => {
        throw new Error('no protocol today')
      },
    ]
    for (const build of builds) {
      const factory = new (class extends Factory {
        override buildProtocol(): undefined {
          return build()
        }
      })()
      const port = kept(await reactor.listenTCP(0, factory, LOOPBACK))
      let closed = false
      connect(portOf(port), '127.0.0.1')
        .on('close', () => (closed = true))
        .resume()
      await until(() => closed)
    }
    expect(logged.map(({ error }) => String(error))).toEqual(['Error: no protocol today'])
  })

  test('rejects, and stops listening, when its factory fails to start', async () => {
    const path = socketPath()
    const factory = new (class extends OneProtocol<Recorder> {
      override startFactory(): void {
        throw new Error('not ready')
      }
    })(new Recorder())
    await expect(reactor.listenUNIX(path, factory)).rejects.toThrow('not ready')
    kept(await reactor.listenUNIX(path, Factory.forProtocol(Echo)))
  })

  test('logs a factory that fails to stop, and stops anyway', async () => {
    const factory = new (class extends OneProtocol<Recorder> {
      override stopFactory(): void {
        throw new Error('stuck')
      }
    })(new Recorder())
    const port = await reactor.listenTCP(0, factory, LOOPBACK)
    await port.stopListening()
    expect(logged).toMatchObject([{ label: `127.0.0.1:${portOf(port)}`, error: new Error('stuck') }])
  })

  test('gives a UNIX socket its mode, and removes its file', async () => {
    const port = await reactor.listenUNIX(socketPath(), Factory.forProtocol(Echo), { mode: 0o640 })
    expect(statSync(pathOf(port)).mode & 0o777).toBe(0o640)
    await port.stopListening()
    expect(() => statSync(pathOf(port))).toThrow('ENOENT')
  })

  test('removes on request the stale socket of a killed program', async () => {
    const path = await leaveStaleSocket()
    const factory = Factory.forProtocol(Echo)
    await expect(reactor.listenUNIX(path, factory)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const port = kept(await reactor.listenUNIX(path, factory, { removeStale: true, mode: 0o600 }))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await expect(reactor.listenUNIX(path, factory, { removeStale: true })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    const client = new Recorder()
    reactor.connectUNIX(pathOf(port), new OneProtocol(client))
    await until(() => client.made)
    client.transport.write('alive')
    await until(() => client.text === 'alive')
  })

  test('refuses a UNIX path that is in use or impossible, and names it', async () => {
    const port = kept(await reactor.listenUNIX(socketPath(), Factory.forProtocol(Echo)))
    await expect(reactor.listenUNIX(pathOf(port), Factory.forProtocol(Echo))).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: expect.stringContaining(`unix:${pathOf(port)}`) as string,
    })
    await expect(reactor.listenUNIX('/nowhere/socket', Factory.forProtocol(Echo))).rejects.toBeInstanceOf(
      CannotListenError,
    )
  })

  test('survives a listener of other code and many resets', async () => {
    const foreign = createServer().listen(0, '127.0.0.1')
    await until(() => foreign.listening)
    const port = kept(await reactor.listenTCP(0, Factory.forProtocol(Echo), LOOPBACK))
    let closed = 0
    for (let i = 0; i < 200; i++) {
      const socket = connect(portOf(port), '127.0.0.1')
      socket.on('error', () => undefined).on('close', () => closed++)
      // Some before a byte was sent, some with echoes in flight, some half-closed.
      socket.on('connect', () => {
        if (i % 3 > 0) socket.write('x'.repeat(100_000))
        if (i % 3 > 1) socket.end()
        setImmediate(() => socket.resetAndDestroy())
      })
    }
    await until(() => closed === 200 && [...reactor.connections].length === 0)
    foreign.close()
    expect(logged).toEqual([])
  })

  test('refuses clients while suspended, keeps its connections, and resumes on the same port', async () => {
    const port = kept(await reactor.listenTCP(0, Factory.forProtocol(Echo), LOOPBACK))
    const dial = (client: Recorder) => reactor.connectTCP('127.0.0.1', portOf(port), new OneProtocol(client))
    const [before, meanwhile, after] = [new Recorder(), new Recorder(), new Recorder()]
    await dial(before).whenConnected()
    await until(() => port.connections.size === 1)
    await port.suspend()
    await port.suspend()
    await expect(dial(meanwhile).whenConnected()).rejects.toThrow(ConnectionRefusedError)
    before.transport.write('still up')
    await until(() => before.text === 'still up')
    await port.resume()
    await port.resume()
    await dial(after).whenConnected()
    await until(() => port.connections.size === 2)
    await port.stopListening()
    expect(port.connections.size).toBe(2)
  })

  test('rejects the resume when another listener has taken the address', async () => {
    const port = kept(await reactor.listenTCP(0, Factory.forProtocol(Echo), LOOPBACK))
    await port.suspend()
    const other = kept(await reactor.listenTCP(portOf(port), Factory.forProtocol(Echo), LOOPBACK))
    await expect(port.resume()).rejects.toMatchObject({ name: 'CannotListenError', code: 'EADDRINUSE' })
    await other.stopListening()
    await port.resume()
  })

  test('queues clients over its limit, and serves them when others leave', async () => {
    const options = { ...LOOPBACK, maxConnections: 1 }
    const port = kept(await reactor.listenTCP(0, Factory.forProtocol(Echo), options))
    const [first, second] = [new Recorder(), new Recorder()]
    for (const client of [first, second]) {
      await reactor.connectTCP('127.0.0.1', portOf(port), new OneProtocol(client)).whenConnected()
      client.transport.write('hello')
    }
    await until(() => first.text === 'hello')
    expect([port.connections.size, second.text]).toEqual([1, ''])
    first.transport.loseConnection()
    await until(() => second.text === 'hello')
  })

  test.each([
    ['ends', (client: Recorder): void => client.transport.loseConnection()],
    ['resets', (client: Recorder): void => client.transport.abortConnection()],
  ])('keeps no place in the queue for a client that %s while it waits', async (_how, leave) => {
    const port = kept(
      await reactor.listenTCP(0, Factory.forProtocol(Echo), { ...LOOPBACK, maxConnections: 1 }),
    )
    const [first, ...waiting] = await Promise.all(Array.from({ length: 20 }, () => connected(port)))
    await until(() => port.connections.size === 1)
    for (const client of waiting) leave(client)
    await until(() => waiting.every(({ lost }) => lost))
    first?.transport.loseConnection()
    const late = await connected(port)
    late.transport.write('served')
    await until(() => late.text === 'served')
    expect(port.connections.size).toBe(1)
    late.transport.loseConnection()
    await until(() => port.connections.size === 0)
  })

  test('responds to a client that has sent a request and FIN while it was queued', async () => {
    const port = kept(
      await reactor.listenTCP(0, Factory.forProtocol(Echo), { ...LOOPBACK, maxConnections: 1 }),
    )
    const first = await connected(port)
    await until(() => port.connections.size === 1)
    const second = await connected(port, new HalfCloseRecorder())
    second.transport.write('request')
    second.transport.loseWriteConnection()
    await until(() => second.events.includes('write lost'))
    await quiet()
    expect(second.text).toBe('')
    first.transport.loseConnection()
    await until(() => second.events.includes('read lost'))
    expect(second.text).toBe('request')
    second.transport.loseConnection()
    await until(() => port.connections.size === 0)
  })

  test('stays stopped when it is stopped during a resume, and resumes once', async () => {
    for (const resumes of [1, 2]) {
      const port = kept(await reactor.listenTCP(0, Factory.forProtocol(Echo), LOOPBACK))
      await port.suspend()
      const resuming = Array.from({ length: resumes }, () => port.resume())
      if (resumes === 2) await Promise.all(resuming)
      await port.stopListening()
      await Promise.all(resuming)
      const late = reactor.connectTCP('127.0.0.1', portOf(port), new OneProtocol(new Recorder()))
      await expect(late.whenConnected()).rejects.toThrow(ConnectionRefusedError)
    }
  })
})
