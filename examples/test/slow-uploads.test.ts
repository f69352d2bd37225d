import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ExampleProcess } from './example-process.ts'

const CLIENTS = 1000
const KIB = 1024
const MIB = 1024 * KIB

const HEAD = [
  'POST / HTTP/1.1',
  'Host: h',
  'Connection: close',
  'Content-Type: multipart/form-data; boundary=b0undary',
  'Transfer-Encoding: chunked',
  '\r\n',
].join('\r\n')
const FIELD = '--b0undary\r\nContent-Disposition: form-data; name=note\r\n\r\na note\r\n'
const FILE = '--b0undary\r\nContent-Disposition: form-data; name=file; filename=f\r\n\r\n'
/** Pieces of a file. Most end in what may be the beginning of the boundary, which the server must keep. */
const PIECES = ['a few\r\n', '--b0un', 'bytes\r\n--b0undar', 'Y\r\n--', 'end']
const END = '\r\n--b0undary--\r\n'

// UNIX sockets, as for slow readers: they need no ports, and the system keeps little of each.
describe(`${CLIENTS} uploads that send a few bytes at a time`, { timeout: 20_000 }, () => {
  let scratch: string
  let saved: string
  let path: string
  let server: ExampleProcess
  let sockets: Socket[]

  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'ropewalk-slow-'))
    saved = join(scratch, 'saved')
    mkdirSync(saved)
    path = join(scratch, 'socket')
    sockets = []
  })
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    server.kill()
    rmSync(scratch, { recursive: true })
  })

  async function start(graceMs: number): Promise<void> {
    server = await ExampleProcess.startMeasured('test/upload-server', [
      `unix:${path}`,
      saved,
      String(graceMs),
    ])
  }

  /** Opens all uploads, each with the head of its request alone, and calls `opened` with each. */
  async function openAll(opened: (socket: Socket) => void = () => undefined): Promise<void> {
    while (sockets.length < CLIENTS) {
      // No more at once than the queue of the port holds.
      const some = await Promise.all(Array.from({ length: 200 }, () => upload(path)))
      for (const socket of some) opened(socket)
      sockets.push(...some)
      await expect.poll(received, POLL).toMatchObject({ begun: sockets.length })
    }
  }

  /** Sends the same to all, and waits until the server has it. */
  async function sendAll(text: string): Promise<void> {
    const before = (await received()).bytes
    for (const socket of sockets) socket.write(chunk(text))
    await expect.poll(received, POLL).toMatchObject({ bytes: before + CLIENTS * text.length })
  }

  const received = async (): Promise<{ begun: number; bytes: number }> => {
    const request = get({ socketPath: path, path: '/received', agent: false })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return (await json(response)) as { begun: number; bytes: number }
  }

  test('take at most 32 KiB each, and their files are whole, or removed when the client leaves', async () => {
    await start(60_000)
    const before = { bytes: await server.memoryBytes(), descriptors: server.descriptors }
    await openAll()
    for (const text of [FIELD.slice(0, 20), FIELD.slice(20) + FILE.slice(0, 5), FILE.slice(5)])
      await sendAll(text)
    const grown = async (): Promise<number> => (await server.memoryBytes()) - before.bytes
    await sendAll(PIECES[0] ?? '')
    await expect.poll(() => readdirSync(saved).length, POLL).toBe(CLIENTS)
    const first = await grown()
    for (const piece of PIECES.slice(1)) await sendAll(piece)
    const last = await grown()
    expect(Math.max(first, last)).toBeLessThan(CLIENTS * 32 * KIB)
    // More pieces take no more memory, once those received are written.
    await expect.poll(grown, POLL).toBeLessThan(first + CLIENTS * KIB)

    const [leaving, staying] = [sockets.slice(0, CLIENTS / 2), sockets.slice(CLIENTS / 2)]
    for (const socket of leaving) socket.destroy()
    await expect.poll(() => readdirSync(saved).length, POLL).toBe(staying.length)
    const hash = createHash('sha256').update(PIECES.join('')).digest('hex')
    const responses = staying.map((socket) => textOf(socket))
    for (const socket of staying) socket.write(`${chunk(END)}0\r\n\r\n`)
    for (const response of await Promise.all(responses)) {
      expect(response).toMatch(/^HTTP\/1\.1 200 /)
      expect(response).toContain(`["note=a note","file=${hash}"]`)
    }
    await expect.poll(() => readdirSync(saved).length, POLL).toBe(0)
    await expect.poll(() => server.descriptors, POLL).toBeLessThanOrEqual(before.descriptors)
    await expect.poll(grown, POLL).toBeLessThan(8 * MIB)
    await server.finish()
  })

  test('get a 408 when they send less than minBodyBytesPerSecond, and leave nothing behind', async () => {
    await start(500)
    const before = { bytes: await server.memoryBytes(), descriptors: server.descriptors }
    const responses: Promise<string>[] = []
    await openAll((socket) => {
      socket.write(chunk(FIELD + FILE))
      // It sends for ever: neither silence nor an end of its own ends it.
      const sending = setInterval(() => socket.write(chunk('slow')), 300)
      socket.once('end', () => clearInterval(sending)).once('close', () => clearInterval(sending))
      responses.push(textOf(socket))
    })
    expect(responses).toHaveLength(CLIENTS)
    for (const response of await Promise.all(responses)) expect(response).toMatch(/^HTTP\/1\.1 408 /)
    await expect.poll(() => readdirSync(saved).length, POLL).toBe(0)
    await expect.poll(() => server.descriptors, POLL).toBeLessThanOrEqual(before.descriptors)
    expect((await server.memoryBytes()) - before.bytes).toBeLessThan(8 * MIB)
    await server.finish()
  })
})

const POLL = { timeout: 10_000, interval: 20 }

/** Connects and sends the head of an upload. */
async function upload(path: string): Promise<Socket> {
  // A reset after the response does not matter.
  const socket = connect(path).on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(HEAD)
  return socket
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`
}

/** Reads a socket to its end. */
async function textOf(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (data: Buffer) => (text += data.toString('latin1')))
  await new Promise((resolve) => socket.once('close', resolve))
  return text
}
