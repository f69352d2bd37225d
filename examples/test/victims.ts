import { once } from 'node:events'
import { connect as connectTLS } from 'node:tls'
import { Connection } from './connection.ts'
import { ExampleProcess } from './example-process.ts'

/** An example that is attacked, with the bytes that a correct client of it sends. */
export interface Victim {
  readonly name: string
  readonly process: ExampleProcess
  readonly port: number
  /** The bytes that a client sends first; the example replies to them. */
  readonly opening: Buffer
  /** Bytes that it may send any number of times afterwards. */
  readonly again: Buffer
  /** Runs one correct client; rejects when it is not served. */
  readonly serve: () => Promise<void>
}

type Language = Pick<Victim, 'opening' | 'again'> & { readonly serve: (port: number) => Promise<void> }

/** Starts every example that listens for TCP connections; the proxies among them forward to `echoPort`. */
export function startVictims(echoPort: number): Promise<readonly Victim[]> {
  const languages = Object.entries(languagesWith(echoPort))
  return Promise.all(
    languages.map(async ([name, { opening, again, serve }]) => {
      const args = name === 'port-forward' ? [`tcp:127.0.0.1:${echoPort}`] : []
      const process = await ExampleProcess.startMeasured(name, ['tcp:0:interface=127.0.0.1', ...args])
      return { name, process, port: process.port, opening, again, serve: () => serve(process.port) }
    }),
  )
}

/** The opening handshake of a WebSocket. */
export const HANDSHAKE: Buffer = request(
  'GET / HTTP/1.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
)
/** A masked text frame, `hi`. */
export const HI: Buffer = frame(0x81, 'hi')
/** A greeting that offers one method, no authentication (RFC 1928 §3). */
export const SOCKS_GREETING: Buffer = Buffer.of(5, 1, 0)

/** A frame of a client, masked with zeros, with at most 125 bytes. `length` may differ from the payload's. */
export function frame(first: number, text: string | Buffer, length: number = text.length): Buffer {
  return Buffer.concat([Buffer.of(first, 0x80 | length, 0, 0, 0, 0), Buffer.from(text)])
}

/** A request for a connection to a port of this machine (RFC 1928 §4). */
export function socksConnect(port: number): Buffer {
  return Buffer.of(5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 0xff)
}

/** The head of an HTTP request. */
export function request(line: string, ...fields: readonly string[]): Buffer {
  return Buffer.from([line, 'Host: 127.0.0.1', ...fields, '\r\n'].join('\r\n'))
}

function languagesWith(echoPort: number): Readonly<Record<string, Language>> {
  const get = request('GET / HTTP/1.1')
  const post = Buffer.concat([request('POST /echo HTTP/1.1', 'Content-Length: 5'), Buffer.from('hello')])
  const shout = request('GET / HTTP/1.1', 'Connection: Upgrade', 'Upgrade: shout')
  const socks = Buffer.concat([SOCKS_GREETING, socksConnect(echoPort)])
  const line = Buffer.from('hello\r\n')
  const webSocket: Language = {
    opening: Buffer.concat([HANDSHAKE, HI]),
    again: HI,
    serve: (port) => exchange(port, Buffer.concat([HANDSHAKE, HI]), '\x81\x02hi'),
  }
  return {
    article: webSocket,
    'websocket-echo': webSocket,
    'chat-lines': {
      opening: Buffer.from('guest\r\n'),
      again: line,
      serve: (port) => exchange(port, Buffer.from('friend\r\n'), /Welcome|taken/),
    },
    'http-echo': { opening: post, again: post, serve: (port) => exchange(port, post, 'hello') },
    'http-hello': { opening: get, again: get, serve: (port) => exchange(port, get, 'Hello, world!') },
    'port-forward': { opening: line, again: line, serve: (port) => exchange(port, line, 'hello\r\n') },
    socks5: {
      opening: Buffer.concat([socks, line]),
      again: line,
      serve: (port) => exchange(port, Buffer.concat([socks, line]), 'hello\r\n'),
    },
    'starttls-server': { opening: line, again: line, serve: exchangeOverTLS },
    'tcp-echo': { opening: line, again: line, serve: (port) => exchange(port, line, 'hello\r\n') },
    'upgrade-in-place': {
      opening: Buffer.concat([shout, line]),
      again: line,
      serve: (port) => exchange(port, Buffer.concat([shout, line]), 'HELLO\r\n'),
    },
  }
}

async function exchange(port: number, sent: Buffer, awaited: string | RegExp): Promise<void> {
  const connection = await Connection.open(port)
  connection.socket.write(sent)
  await connection.until((text) => text.search(awaited) >= 0)
  connection.socket.destroy()
}

async function exchangeOverTLS(port: number): Promise<void> {
  const { socket } = await Connection.open(port)
  socket.removeAllListeners('data')
  socket.write('STARTTLS\r\n')
  await once(socket, 'data')
  const secure = connectTLS({ socket, rejectUnauthorized: false })
  await once(secure, 'secureConnect')
  secure.write('hello\r\n')
  const [data] = (await once(secure, 'data')) as [Buffer]
  secure.destroy()
  if (!data.toString().startsWith('Over TLSv1.')) throw new Error(`It sent ${data.toString()} over TLS`)
}
