import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { promisify } from 'node:util'
import { Factory, Protocol } from '@ropewalk/core'
import { chunkings, StringTransport } from '@ropewalk/core/testing'
import { expect, test } from 'vitest'
import { Negotiation } from '../socks5.ts'
import { Connection } from './connection.ts'
import { ExampleProcess } from './example-process.ts'

const run = promisify(execFile)
const NO_CURL = spawnSync('curl', ['--version']).status !== 0
const NO_IPV6 = !Object.values(networkInterfaces()).some((each) =>
  each?.some(({ address }) => address === '::1'),
)

const GREETING = Buffer.of(5, 1, 0)
const ACCEPTED = Buffer.of(5, 0)

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data)
  }
}

/** A request for an address, with `type` and `address` as bytes of the message (RFC 1928 §4). */
function request(type: number, address: Iterable<number>, port: number, command = 1): Buffer {
  return Buffer.from([5, command, 0, type, ...address, port >> 8, port & 0xff])
}

/** A request for a host name. */
function requestName(name: string, port: number): Buffer {
  return request(3, [name.length, ...Buffer.from(name)], port)
}

/**
 * Sends `pieces` to a proxy in memory, where an echo server listens on 127.0.0.1:7; returns its transport.
 */
async function proxyAfter(pieces: readonly Uint8Array[]): Promise<StringTransport> {
  const transport = StringTransport.connect(new Negotiation())
  await transport.reactor.listenTCP(7, Factory.forProtocol(Echo), { interface: '127.0.0.1' })
  for (const piece of pieces) transport.receive(piece)
  await transport.reactor.settle()
  transport.pump()
  return transport
}

test('socks5 connects under every cut of the bytes, and forwards the bytes sent before its reply', async () => {
  const whole = Buffer.concat([GREETING, request(1, [127, 0, 0, 1], 7), Buffer.from('early')])
  let tried = 0
  for (const pieces of chunkings(whole)) {
    const bytes = (await proxyAfter(pieces)).bytes()
    expect(bytes.subarray(0, 6)).toEqual(Buffer.concat([ACCEPTED, Buffer.of(5, 0, 0, 1)]))
    expect(bytes.toString('latin1', 12)).toBe('early')
    tried++
  }
  expect(tried).toBe(whole.length + 1)
})

test.each([
  ['a refused connection', request(1, [127, 0, 0, 1], 8), 5],
  ['BIND', request(1, [127, 0, 0, 1], 7, 2), 7],
  ['UDP ASSOCIATE', request(1, [127, 0, 0, 1], 7, 3), 7],
  ['an unknown address type', request(2, [1, 2], 7), 8],
  ['port 0', request(1, [127, 0, 0, 1], 0), 1],
  ['an empty name', requestName('', 7), 1],
  ['a name with a NUL', requestName('a\0b', 7), 1],
  ['another version', Buffer.of(4, 1, 0, 1), 1],
])('socks5 responds to %s with its reply code, and closes', async (_, asked, code) => {
  const transport = await proxyAfter([GREETING, asked])
  expect(transport.bytes()).toEqual(Buffer.concat([ACCEPTED, Buffer.of(5, code, 0, 1, 0, 0, 0, 0, 0, 0)]))
  expect(transport.disconnecting).toBe(true)
})

test.each([
  ['offers only passwords', Buffer.of(5, 1, 2)],
  ['offers nothing', Buffer.of(5, 0)],
  ['speaks SOCKS 4', Buffer.of(4, 1)],
])('socks5 refuses a client that %s', async (_, greeting) => {
  const transport = await proxyAfter([greeting])
  expect(transport.bytes()).toEqual(Buffer.of(5, 0xff))
  expect(transport.disconnecting).toBe(true)
})

test.each([
  ['a greeting', GREETING.subarray(0, 2)],
  ['a request', Buffer.concat([GREETING, Buffer.of(5, 1)])],
])('socks5 closes when the rest of %s does not arrive within 10 s', async (_, begun) => {
  const transport = await proxyAfter([begun])
  transport.reactor.advance(9_000)
  expect(transport.disconnecting).toBe(false)
  transport.reactor.advance(1_500)
  expect(transport.disconnecting).toBe(true)
})

test('socks5 has no deadline once it is connected', async () => {
  const transport = await proxyAfter([GREETING, request(1, [127, 0, 0, 1], 7)])
  transport.reactor.advance(3_600_000)
  expect(transport.disconnecting).toBe(false)
})

test('socks5 forwards megabytes over real connections, and forwards a FIN', async () => {
  const [echo, proxy] = await Promise.all([ExampleProcess.start('tcp-echo'), ExampleProcess.start('socks5')])
  const connection = await Connection.open(proxy.port)
  const sent = Buffer.alloc(4 << 20, 'ropewalk ')
  connection.socket.write(Buffer.concat([GREETING, requestName('127.0.0.1', echo.port)]))
  connection.socket.end(sent)
  await connection.end()
  expect(connection.received.subarray(0, 10)).toEqual(Buffer.of(5, 0, 5, 0, 0, 1, 127, 0, 0, 1))
  expect(connection.received.subarray(12).equals(sent)).toBe(true)
  await proxy.finish()
  await echo.finish()
})

test('socks5 replies with host unreachable when a name has no address', async () => {
  const proxy = await ExampleProcess.start('socks5')
  const connection = await Connection.open(proxy.port)
  connection.socket.write(Buffer.concat([GREETING, requestName('nowhere.invalid', 80)]))
  await connection.end()
  expect(connection.received).toEqual(Buffer.of(5, 0, 5, 4, 0, 1, 0, 0, 0, 0, 0, 0))
  await proxy.finish()
})

test.skipIf(NO_IPV6)('socks5 connects to an IPv6 address (if the machine has IPv6)', async () => {
  const server = createServer((socket) => socket.end('over six'))
  await once(server.listen(0, '::1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no TCP address')
  const proxy = await ExampleProcess.start('socks5')
  const connection = await Connection.open(proxy.port)
  const loopback = [...Array<number>(15).fill(0), 1]
  connection.socket.write(Buffer.concat([GREETING, request(4, loopback, address.port)]))
  await connection.end()
  expect(connection.received.subarray(2, 22)).toEqual(Buffer.of(5, 0, 0, 4, ...loopback))
  expect(connection.received.toString('latin1', 24)).toBe('over six')
  await proxy.finish()
  server.close()
})

test.skipIf(NO_CURL).each(['--socks5', '--socks5-hostname'])(
  'curl %s gets a page through socks5 (if curl is installed)',
  async (option) => {
    const [hello, proxy] = await Promise.all([
      ExampleProcess.start('http-hello'),
      ExampleProcess.start('socks5'),
    ])
    const direct = await run('curl', ['-sS', '--noproxy', '*', `http://127.0.0.1:${hello.port}/`])
    const url = `http://localhost:${hello.port}/`
    const through = await run('curl', ['-sS', '-4', '--noproxy', '', option, `127.0.0.1:${proxy.port}`, url])
    expect(through.stdout).toBe(direct.stdout)
    expect(through.stdout).not.toBe('')
    await proxy.finish()
    await hello.finish()
  },
)
