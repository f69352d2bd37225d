import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { closeSync, existsSync, fstatSync, openSync, renameSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { Echo } from '../../src/checks/transport-harness.ts'
import { ConnectError, createReactor, Factory } from '../../src/index.ts'
import { ProcessDone } from '../../src/process.ts'
import { inheritedSockets } from '../../src/node/adopt-connection.ts'
import { boundSilently, boundTCPSocket, descriptorOf } from './bound-socket.ts'
import { RecordingChild } from './recording-child.ts'
import { programArgs, ROOT } from './run-program.ts'
import { socketPath, until } from './socket-harness.ts'

const REFUSAL = `
  const refusal = (promise) => promise.then(() => 'adopted', (error) => error.name + ': ' + error.message)
`

/** Notes which sockets a program has inherited: the number of one that is closed may be another file's at once. */
const WATCHED = `
  const { fstatSync } = await import('node:fs')
  const inode = (fd) => { try { return fstatSync(fd).ino } catch { return undefined } }
  const inherited = new Map([3, 4, 5, 6, 7].map((fd) => [fd, inode(fd)]))
  const state = (fd) => inode(fd) === inherited.get(fd) ? 'open' : 'closed'
`

describe('adoptStreamConnection', () => {
  const reactor = createReactor()
  const run = (source: string, childFDs: Record<number, 'r' | number>): RecordingChild => {
    const child = new RecordingChild()
    const options = { cwd: ROOT, childFDs: { 1: 'r', 2: 'r', ...childFDs } as const }
    reactor.spawnProcess(child, process.execPath, programArgs(REFUSAL + source), options)
    return child
  }

  test('makes a socket accepted by a parent process the connection of a protocol', async () => {
    const bound = await boundTCPSocket()
    const client = connect(bound.port, '127.0.0.1')
    const [accepted] = (await once(bound.server, 'connection')) as [Socket]
    const child = run(
      `class Printing extends Echo { connectionLost(reason) { console.log(reason.name) } }
      const factory = Factory.forProtocol(Printing)
      const { transport } = await reactor.adoptStreamConnection(3, factory)
      console.log(transport.getHost().port, transport.getPeer().port, factory.numPorts)
      transport.signal.addEventListener('abort', () => setImmediate(() => console.log(factory.numPorts)))`,
      { 3: descriptorOf(accepted) },
    )
    await until(() => child.text().includes('\n'))
    accepted.destroy()
    bound.close()
    const { localPort } = client
    client.write('hello')
    const [answer] = await once(client, 'data')
    client.end()
    await until(() => child.ended)
    expect(String(answer)).toBe('hello')
    expect([child.text(), child.text(2)]).toEqual([`${bound.port} ${localPort} 1\nConnectionDone\n0\n`, ''])
    expect(child.ends[0]).toBeInstanceOf(ProcessDone)
  })

  test('refuses an unconnected socket and one that its factory refuses, and closes both', async () => {
    const bound = await boundTCPSocket()
    const client = connect(bound.port, '127.0.0.1')
    const [accepted] = (await once(bound.server, 'connection')) as [Socket]
    const child = run(
      `class Choosy extends Factory { buildProtocol() { return undefined } }
      class Broken extends Factory { buildProtocol() { throw new Error('no protocol today') } }
      class Sick extends Broken { startFactory() { throw new Error('cannot start') } }
      ${WATCHED}
      const factory = new Choosy()
      console.log(await refusal(reactor.adoptStreamConnection(3, factory)))
      console.log(await refusal(reactor.adoptStreamConnection(4, factory)), factory.numPorts)
      console.log(await refusal(reactor.adoptStreamConnection(5, new Broken())))
      console.log(await refusal(reactor.adoptStreamConnection(6, new Sick())))
      console.log(await refusal(reactor.adoptStreamConnection(7, Sick)))
      setImmediate(() => console.log([3, 4, 5, 6, 7].map(state).join()))`,
      {
        3: bound.fd,
        4: descriptorOf(accepted),
        5: descriptorOf(accepted),
        6: descriptorOf(accepted),
        7: descriptorOf(accepted),
      },
    )
    await until(() => child.ended)
    client.destroy()
    accepted.destroy()
    bound.close()
    expect([child.text(), child.text(2)]).toEqual([
      [
        'ConnectError: Cannot connect to unix:/dev/fd/3: it is not connected',
        'NoProtocol: Cannot connect to unix:/dev/fd/4: its factory refused the connection 0',
        'NoProtocol: Cannot connect to unix:/dev/fd/5: its factory failed to build a protocol',
        'Error: cannot start',
        'TypeError: Cannot take factory the function Sick for adoptStreamConnection: give an instance: new Sick()',
        'closed,closed,closed,closed,closed',
        '',
      ].join('\n'),
      expect.stringMatching(
        /^\S+ error ropewalk \[Broken 127.0.0.1:\d+\] A factory failed to build a protocol/,
      ),
    ])
  })

  test.skipIf(process.platform !== 'linux')(
    'refuses a listening UNIX socket where the system shows that it listens',
    async () => {
      const server = createServer().listen(socketPath())
      await once(server, 'listening')
      const child = run(
        `console.log(await refusal(reactor.adoptStreamConnection(3, Factory.forProtocol(Echo))))`,
        {
          3: descriptorOf(server),
        },
      )
      await until(() => child.ended)
      server.close()
      expect(child.text()).toBe('ConnectError: Cannot connect to unix:/dev/fd/3: it is not connected\n')
    },
  )

  test('closes a UDP socket, because the caller has given it away', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const child = run(
      `${WATCHED}
      const factory = Factory.forProtocol(Echo)
      console.log(await refusal(reactor.adoptStreamConnection(3, factory)), state(3))
      console.log(await refusal(reactor.adoptStreamPort(4, factory)), state(4))`,
      { 3: descriptorOf(socket), 4: descriptorOf(socket) },
    )
    await until(() => child.ended)
    socket.close()
    expect(child.text().split('\n')).toEqual([
      'ConnectError: Cannot connect to unix:/dev/fd/3: Unsupported fd type: UDP closed',
      'CannotListenError: Cannot listen on unix:/dev/fd/4: listen EINVAL: invalid argument closed',
      '',
    ])
  })

  test('does not close a file, and names its descriptor in the error', async () => {
    const fd = openSync(import.meta.filename, 'r')
    const refused = await reactor
      .adoptStreamConnection(fd, Factory.forProtocol(Echo))
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ConnectError)
    expect(refused).toMatchObject({ message: `Cannot connect to unix:/dev/fd/${fd}: it is not a socket` })
    expect(fstatSync(fd).isFile()).toBe(true)
    closeSync(fd)
    await expect(reactor.adoptStreamConnection(12_345, Factory.forProtocol(Echo))).rejects.toThrow('EBADF')
  })
})

describe('adoptStreamPort', () => {
  test.skipIf(process.platform !== 'linux')(
    'refuses a TCP socket that is only bound and one that is connected, and closes both',
    async () => {
      const reactor = createReactor()
      const bound = boundSilently()
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
      const [accepted] = (await once(server, 'connection')) as [Socket]
      const child = new RecordingChild()
      const source = `${REFUSAL}
        ${WATCHED}
        const factory = Factory.forProtocol(Echo)
        console.log(await refusal(reactor.adoptStreamPort(3, factory)), factory.numPorts)
        console.log(await refusal(reactor.adoptStreamPort(4, factory)), factory.numPorts)
        setImmediate(() => console.log([3, 4].map(state).join()))`
      reactor.spawnProcess(child, process.execPath, programArgs(source), {
        cwd: ROOT,
        childFDs: { 1: 'r', 2: 'r', 3: bound.fd, 4: descriptorOf(accepted) },
      })
      await until(() => child.ended)
      bound.close()
      client.destroy()
      server.close()
      expect([child.text(), child.text(2)]).toEqual([
        [
          'CannotListenError: Cannot listen on unix:/dev/fd/3: it does not listen 0',
          'CannotListenError: Cannot listen on unix:/dev/fd/4: listen EINVAL: invalid argument 0',
          'closed,closed',
          '',
        ].join('\n'),
        '',
      ])
    },
  )

  test('accepts on a socket opened by a parent process, refuses to suspend, and stops', async () => {
    const reactor = createReactor()
    const bound = await boundTCPSocket()
    const child = new RecordingChild()
    const source = `${REFUSAL}
      class Last extends Echo { connectionLost() { port.stopListening() } }
      const port = await reactor.adoptStreamPort(3, Factory.forProtocol(Last))
      console.log(port.getHost().port, await refusal(port.suspend()))`
    reactor.spawnProcess(child, process.execPath, programArgs(source), {
      cwd: ROOT,
      childFDs: { 1: 'r', 2: 'r', 3: bound.fd },
    })
    await until(() => child.text().includes('\n') || child.ended)
    bound.close()
    const client = connect(bound.port, '127.0.0.1')
    client.write('hello')
    const [answer] = await once(client, 'data')
    client.end()
    await until(() => child.ended)
    expect(String(answer)).toBe('hello')
    expect([child.text(), child.text(2)]).toEqual([
      `${bound.port} LocalProtocolError: Cannot suspend an adopted port: its descriptor cannot be reopened\n`,
      '',
    ])
  })

  test('accepts on an adopted UNIX socket, and does not remove its file', async () => {
    const reactor = createReactor()
    const path = socketPath()
    const server = createServer().listen(`${path}-first`)
    await once(server, 'listening')
    const child = new RecordingChild()
    const source = `
      class Last extends Echo { connectionLost() { port.stopListening() } }
      const port = await reactor.adoptStreamPort(3, Factory.forProtocol(Last))
      console.log(port.getHost().path)`
    reactor.spawnProcess(child, process.execPath, programArgs(source), {
      cwd: ROOT,
      childFDs: { 1: 'r', 2: 'r', 3: descriptorOf(server) },
    })
    await until(() => child.text().includes('\n') || child.ended)
    // Its first owner removes the file by the path that it bound.
    renameSync(`${path}-first`, path)
    server.close()
    const client = connect(path)
    client.write('hello')
    const [answer] = await once(client, 'data')
    client.end()
    await until(() => child.ended)
    expect([String(answer), child.text(), child.text(2)]).toEqual(['hello', '/dev/fd/3\n', ''])
    expect(existsSync(path)).toBe(true)
  })

  test('does not close a file, and names its descriptor in the error', async () => {
    const reactor = createReactor()
    const fd = openSync(import.meta.filename, 'r')
    const factory = Factory.forProtocol(Echo)
    await expect(reactor.adoptStreamPort(fd, factory)).rejects.toThrow(
      `Cannot listen on unix:/dev/fd/${fd}: it is not a socket`,
    )
    expect([fstatSync(fd).isFile(), factory.numPorts]).toEqual([true, 0])
    closeSync(fd)
  })
})

describe('inheritedSockets', () => {
  test('counts from descriptor 3, with the names that systemd gives', () => {
    const environment = { LISTEN_PID: '7', LISTEN_FDS: '3', LISTEN_FDNAMES: 'http:metrics' }
    expect(inheritedSockets(environment, 7)).toEqual([
      { fd: 3, name: 'http' },
      { fd: 4, name: 'metrics' },
      { fd: 5, name: 'unknown' },
    ])
  })

  test.each([
    ['an empty environment', {}],
    ['the environment of another process', { LISTEN_PID: '8', LISTEN_FDS: '1' }],
    ['a LISTEN_FDS that is not a number', { LISTEN_PID: '7', LISTEN_FDS: 'x' }],
  ])('are empty for %s', (_what, environment) => {
    expect(inheritedSockets(environment, 7)).toEqual([])
  })
})
