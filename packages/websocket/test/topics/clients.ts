import { type MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { WebSocketChannel, type WebSocketChannelSetup } from '../../src/connection/websocket-channel.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import type { ClientOpening, Opening, ServerOpening } from '../../src/connection/opening.ts'
import { closing, frame } from '../websocket-exchange.ts'

/** The server's side of one WebSocket in memory, whose client is played by the test. */
export class Client extends WebSocketProtocol {
  readonly #wire: StringTransport

  constructor(reactor: MemoryReactor, { role = 'server', deflate, options }: ClientSetup = {}) {
    super()
    // These tests do not read the request or the response.
    const opening = { role, deflate } as ServerOpening | ClientOpening
    this.#wire = StringTransport.connect(new WebSocketChannel({ protocol: this, opening, options }), {
      reactor,
    })
  }

  /** The bytes it received since the last call. */
  bytes(): Buffer {
    const bytes = this.#wire.bytes()
    this.#wire.clear()
    return bytes
  }

  /** The payloads of the frames it received since the last call; close frames as their code. */
  payloads(): string[] {
    const bytes = this.bytes()
    const payloads: string[] = []
    for (let at = 0; at < bytes.length;) {
      const short = bytes[at + 1] ?? 0
      const [length, head] =
        short < 126
          ? [short, 2]
          : short === 126
            ? [bytes.readUInt16BE(at + 2), 4]
            : [bytes.readUInt32BE(at + 6), 10]
      const payload = bytes.subarray(at + head, at + head + length)
      payloads.push((bytes[at] ?? 0) === 0x88 ? `close ${payload.readUInt16BE(0)}` : payload.toString())
      at += head + length
    }
    return payloads
  }

  /** It stops reading. */
  block(): void {
    this.#wire.block()
  }

  /** It reads again. */
  async unblock(): Promise<void> {
    this.#wire.unblock()
    await this.#wire.reactor.settle()
  }

  /** It closes. */
  async close(): Promise<void> {
    this.#wire.receive(frame(8, closing(1000)))
    await this.#wire.reactor.settle()
  }

  /** It resets the connection. */
  reset(): void {
    this.#wire.receiveReset()
  }
}

/** What a Client is made with. */
export interface ClientSetup extends Pick<Opening, 'deflate'> {
  /** The role of the side that is not played. Default `server`. */
  readonly role?: 'server' | 'client'
  readonly options?: WebSocketChannelSetup['options']
}

/** More than a transport queues before a send returns `queued`. */
export const LARGE = 'x'.repeat(70_000)
