import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { Connection } from './connection.ts'
import { ExampleProcess } from './example-process.ts'

/** The examples that listen on an endpoint given as a string. */
const SERVERS = readdirSync(fileURLToPath(new URL('..', import.meta.url)))
  .filter(
    (file) =>
      file.endsWith('.ts') && !file.endsWith('-client.ts') && !/^(?:udp|stdio|simulated)-|-codec/.test(file),
  )
  .map((file) => file.replace('.ts', ''))

describe.each(SERVERS)('examples/%s.ts', (name) => {
  test('stops cleanly on Ctrl-C', async () => {
    const example = await ExampleProcess.start(name)
    expect(await example.stop()).toBe(0)
    expect(example.errors).toBe('')
  })

  test('prints one line about an invalid endpoint, and exits with 2', async () => {
    const { code, errors } = await ExampleProcess.run(name, 'tcp:eighty')
    expect(code).toBe(2)
    expect(errors).toBe(
      'Cannot understand endpoint "tcp:eighty" at position 4: the port must be a number from 0 to 65535, not "eighty"\n',
    )
  })
})

test('an example prints one line that names a port in use, and exits with 2', async () => {
  const example = await ExampleProcess.start('tcp-echo')
  const { code, errors } = await ExampleProcess.run('http-hello', `tcp:${example.port}:interface=127.0.0.1`)
  expect(code).toBe(2)
  expect(errors).toBe(`Cannot listen on 127.0.0.1:${example.port}: the address is in use (EADDRINUSE)\n`)
  expect(await example.stop()).toBe(0)
})

test('tcp-echo sends all bytes back, also after the peer has sent a FIN', async () => {
  const example = await ExampleProcess.start('tcp-echo')
  const connection = await Connection.open(example.port)
  const sent = Buffer.alloc(1 << 20, 'ropewalk ')
  connection.socket.write(sent.subarray(0, 1000))
  connection.socket.end(sent.subarray(1000))
  await connection.end()
  expect(connection.received.equals(sent)).toBe(true)
  expect(await example.stop()).toBe(0)
})

test('chat-lines sends a line to all clients except its sender', async () => {
  const example = await ExampleProcess.start('chat-lines')
  const [ann, ben] = await Promise.all([Connection.open(example.port), Connection.open(example.port)])
  ann.socket.write('ann\r\n')
  await ann.until((text) => text.includes('Welcome, ann. Here: no others yet.\r\n'))
  ben.socket.write('an')
  ben.socket.write('n\r\n??\r\nben\r\n')
  await ben.until(
    (text) => text.includes('That name is taken') && text.includes('1 to 20') && text.includes('Here: ann.'),
  )
  await ann.until((text) => text.includes('* ben has joined\r\n'))
  ben.socket.write('hello\r\n/quit\r\nnever\r\n')
  await ann.until((text) => text.includes('<ben> hello\r\n* ben has left\r\n'))
  expect(await ben.end()).not.toContain('<ben>')
  expect(ann.text).not.toContain('never')
  ann.socket.destroy()
  expect(await example.stop()).toBe(0)
})

test('chat-lines aborts a client that does not read, and no other client', async () => {
  const example = await ExampleProcess.start('chat-lines')
  const open = (): Promise<Connection> => Connection.open(example.port)
  const [ann, ben, sloth] = await Promise.all([open(), open(), open()])
  sloth.socket.write('sloth\r\n')
  await sloth.until((text) => text.includes('Welcome'))
  sloth.socket.pause()
  ben.socket.write('ben\r\n')
  await ben.until((text) => text.includes('Here: sloth.'))
  ann.socket.write('ann\r\n')
  await ben.until((text) => text.includes('* ann has joined'))
  const lines = `${'x'.repeat(998)}\r\n`.repeat(64)
  // The size of the kernel's buffers for the sloth is unknown, so send until the server aborts it.
  for (let rounds = 1; !ann.text.includes('* sloth has left'); rounds++) {
    ann.socket.write(lines)
    await ben.until((text) => text.length >= rounds * lines.length)
  }
  // The chat aborts it long before the transport's cap would.
  expect(ben.text.length).toBeLessThan(12 * 1024 * 1024)
  ann.socket.write('last\r\n/quit\r\n')
  await ben.until((text) => text.endsWith('<ann> last\r\n* ann has left\r\n'))
  ben.socket.destroy()
  sloth.socket.destroy()
  expect(await example.stop()).toBe(0)
})

test('upgrade-in-place replies to lines after the 101, also to those that arrived with the request', async () => {
  const example = await ExampleProcess.start('upgrade-in-place')
  const connection = await Connection.open(example.port)
  connection.socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await connection.until((text) => /^HTTP\/1\.1 426 [^]*Upgrade: shout[^]*<\/html>/.test(text))
  connection.socket.write(
    'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\nhello\r\nwor',
  )
  await connection.until((text) => text.includes('HELLO\r\n'))
  connection.socket.write('ld\r\n\r\n')
  expect(await connection.end()).toMatch(
    /HTTP\/1\.1 101 Switching Protocols\r\n[^]*\r\n\r\nSend a line\.\r\nHELLO\r\nWORLD\r\n$/,
  )
  expect(await example.stop()).toBe(0)
})

test('starttls-client and starttls-server start TLS in the middle of a connection', async () => {
  const server = await ExampleProcess.start('starttls-server')
  const client = await ExampleProcess.run('starttls-client', `tcp:127.0.0.1:${server.port}`)
  expect(client).toEqual({ code: 0, output: 'Go ahead\nOver TLSv1.3: hello\n', errors: '' })
  await server.finish()
})

test('starttls-server never delivers bytes sent before the handshake as protected', async () => {
  const server = await ExampleProcess.start('starttls-server')
  const connection = await Connection.open(server.port)
  connection.socket.write('hello\r\nSTARTTLS\r\nhello again\r\n')
  const text = await connection.end()
  expect(text).toMatch(/^Send STARTTLS first\r\nGo ahead\r\n/)
  expect(text).not.toContain('Over')
  await server.finish()
})
