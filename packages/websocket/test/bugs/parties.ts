import { leftovers, MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { Headers } from '@ropewalk/http'
import { onTestFinished } from 'vitest'
import {
  type OriginPolicy,
  WebSocketChannel,
  type WebSocketClosed,
  type WebSocketOptions,
  WebSocketProtocol,
  WebSocketResource,
  WebSocketServerFactory,
} from '../../src/index.ts'
import { handshake, SiteExchange } from '../websocket-exchange.ts'

/** Records what it receives, and echoes nothing. */
export class Recorder extends WebSocketProtocol {
  readonly messages: (string | Buffer)[] = []
  readonly closed: WebSocketClosed[] = []

  override textMessageReceived(text: string): unknown {
    this.messages.push(text)
    return undefined
  }
  override bytesMessageReceived(data: Buffer): unknown {
    this.messages.push(data)
    return undefined
  }
  override connectionLost(reason: WebSocketClosed): void {
    this.closed.push(reason)
  }
}

/** A resource whose WebSockets all have this protocol. */
export function resourceOf(
  protocol: WebSocketProtocol,
  options: Partial<WebSocketOptions & { origins: OriginPolicy }> = {},
): WebSocketResource {
  class One extends WebSocketServerFactory {
    override buildProtocol(): WebSocketProtocol {
      return protocol
    }
  }
  return new WebSocketResource(new One(), options)
}

/** Opens a WebSocket with a protocol on the server; the test is its client. */
export async function openServer(
  protocol: WebSocketProtocol,
  options: Partial<WebSocketOptions> = {},
): Promise<SiteExchange> {
  const exchange = new SiteExchange(resourceOf(protocol, options))
  await exchange.open()
  return exchange
}

/** A WebSocket with a protocol on the client; the test is its server, after the handshake. */
export class OpenClient {
  readonly reactor = new MemoryReactor()
  readonly transport: StringTransport

  constructor(protocol: WebSocketProtocol, options: Partial<WebSocketOptions> = {}) {
    const response = { status: 101, headers: new Headers() }
    this.transport = new StringTransport({ reactor: this.reactor })
    this.transport.begin(new WebSocketChannel({ protocol, opening: { role: 'client', response }, options }))
    onTestFinished(async () => {
      this.transport.abortConnection()
      await this.reactor.settle()
      const left = leftovers(this.reactor)
      if (left.length > 0) throw new Error(`The test left open: ${left.join(', ')}`)
    })
  }

  /** Sends bytes as the server. */
  async send(...pieces: Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      this.transport.receive(piece)
      await this.reactor.settle()
    }
  }

  /** The bytes that the server has received since the last call. */
  async received(): Promise<Buffer> {
    await this.reactor.settle()
    const bytes = this.transport.bytes()
    this.transport.clear()
    return bytes
  }
}

/** The status of the response to a handshake, and the head of the response. */
export async function respond(
  fields: Record<string, string | undefined> = {},
  requestLine?: string,
  resource: WebSocketResource = resourceOf(new Recorder()),
): Promise<{ status: number; head: string }> {
  const exchange = new SiteExchange(resource)
  await exchange.send(Buffer.from(handshake(fields, requestLine), 'latin1'))
  const head = (await exchange.received()).toString('latin1')
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), head }
}

/** The code of the close frame at the end of what a server sent; undefined when it is not one. */
export function closeCodeIn(sent: Buffer): number | undefined {
  for (let at = 0; at + 1 < sent.length;) {
    const length = (sent[at + 1] ?? 0) & 0x7f
    if ((sent[at] ?? 0) === 0x88) return length === 0 ? 1005 : sent.readUInt16BE(at + 2)
    const extended = length === 126 ? sent.readUInt16BE(at + 2) + 2 : length
    at += 2 + (length === 127 ? 8 + Number(sent.readBigUInt64BE(at + 2)) : extended)
  }
  return undefined
}

/** The header of a client's frame whose 64-bit length is `length`, with the key 0. */
export function longHeader(opcode: number, length: bigint): Buffer {
  const header = Buffer.alloc(14)
  header[0] = 0x80 | opcode
  header[1] = 0xff
  header.writeBigUInt64BE(length, 2)
  return header
}
