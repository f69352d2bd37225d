import type { TLSContext } from '@ropewalk/core/tls'
import { leftovers, MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { type Resource, Site } from '@ropewalk/http'
import { onTestFinished } from 'vitest'

/** The key of RFC 6455 §1.3, and its Sec-WebSocket-Accept. */
export const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
export const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

/** An opening handshake. `fields` replaces or adds header fields; undefined removes one. */
export function handshake(
  fields: Record<string, string | undefined> = {},
  requestLine: string = 'GET / HTTP/1.1',
): string {
  const usual = {
    Host: 'h',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
  }
  const lines = Object.entries({ ...usual, ...fields }).filter(([, value]) => value !== undefined)
  return `${requestLine}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

/** A client's frame: masked, with FIN unless `fin` is false. */
export function frame(
  opcode: number,
  payload: string | Uint8Array = '',
  { fin = true, rsv = 0 } = {},
): Buffer {
  const data = Buffer.from(payload as string)
  const key = Buffer.from([0x37, 0xfa, 0x21, 0x3d])
  const length =
    data.length < 126
      ? Buffer.from([0x80 | data.length])
      : data.length < 65_536
        ? Buffer.from([0x80 | 126, data.length >> 8, data.length & 0xff])
        : Buffer.concat([Buffer.from([0x80 | 127, 0, 0, 0, 0]), uint32(data.length)])
  for (let at = 0; at < data.length; at++) data[at] = (data[at] ?? 0) ^ (key[at & 3] ?? 0)
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | rsv | opcode]), length, key, data])
}

/** A server's frame of up to 125 bytes: unmasked. */
export function serverFrame(opcode: number, payload: string | Uint8Array = ''): Buffer {
  const data = Buffer.from(payload as string)
  return Buffer.concat([Buffer.from([0x80 | opcode, data.length]), data])
}

/** A close frame's payload. */
export function closing(code: number, reason: string = ''): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)])
}

/**
 * A site in memory with one client. After the test, it checks that the reactor has nothing open or scheduled.
 */
export class SiteExchange {
  readonly reactor = new MemoryReactor()
  readonly transport: StringTransport

  /** @param tls The TLS of the connection. Default: none. */
  constructor(root: Resource, tls?: TLSContext) {
    const { reactor } = this
    this.transport = new StringTransport({ reactor })
    const channel = new Site(root).buildProtocol(this.transport.getPeer())
    if (channel === undefined) throw new Error('The site refused the connection')
    this.transport.begin(channel)
    if (tls !== undefined) this.transport.startTLS(tls)
    onTestFinished(() => this.#expectNothingLeft())
  }

  /** Sends each piece as one segment from the client. */
  async send(...pieces: (string | Uint8Array)[]): Promise<void> {
    for (const piece of pieces) {
      this.transport.receive(piece)
      await this.reactor.settle()
    }
  }

  /** The bytes that the client received since the last call. */
  async received(): Promise<Buffer> {
    await this.reactor.settle()
    const bytes = this.transport.bytes()
    this.transport.clear()
    return bytes
  }

  /** Opens the WebSocket, and discards the response. */
  async open(fields: Record<string, string | undefined> = {}): Promise<void> {
    await this.send(handshake(fields))
    const head = (await this.received()).toString('latin1')
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`Cannot open a WebSocket: ${head}`)
  }

  async #expectNothingLeft(): Promise<void> {
    this.transport.abortConnection()
    await this.reactor.settle()
    const left = leftovers(this.reactor)
    if (left.length > 0) throw new Error(`The test left open: ${left.join(', ')}`)
  }

  /** Whether the server has sent its FIN or closed the connection. */
  get closed(): boolean {
    return this.transport.ended || !this.transport.connected
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
