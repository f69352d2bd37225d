import { ByteQueue } from '@ropewalk/core/bytes'
import { StringTransport } from '@ropewalk/core/testing'
import { Headers } from '@ropewalk/http'
import { DEFAULT_WEBSOCKET_LIMITS } from '../src/codec/limits.ts'
import { MessageReader, type ReaderEvent } from '../src/codec/message-reader.ts'
import { WebSocketChannel } from '../src/connection/websocket-channel.ts'
import type { WebSocketOptions } from '../src/connection/websocket-options.ts'
import type { WebSocketProtocol } from '../src/connection/websocket-protocol.ts'

/** An open WebSocket of a client in memory; the test is the server. */
export class ClientExchange {
  readonly transport: StringTransport
  readonly #reader = new MessageReader({ role: 'server', limits: DEFAULT_WEBSOCKET_LIMITS })
  readonly #input = new ByteQueue()

  constructor(protocol: WebSocketProtocol, options: Partial<WebSocketOptions> = {}) {
    const opening = { role: 'client', response: { status: 101, headers: new Headers() } } as const
    this.transport = StringTransport.connect(new WebSocketChannel({ protocol, opening, options }))
  }

  get reactor(): StringTransport['reactor'] {
    return this.transport.reactor
  }

  /** Sends bytes of the server, each piece as one segment. */
  async send(...pieces: Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      this.transport.receive(piece)
      await this.reactor.settle()
    }
  }

  /** What the client has sent since the last call. */
  async received(): Promise<ReaderEvent[]> {
    await this.reactor.settle()
    this.#input.push(this.transport.bytes())
    this.transport.clear()
    const events: ReaderEvent[] = []
    for (let event = this.#reader.next(this.#input); event; event = this.#reader.next(this.#input))
      events.push(event)
    return events
  }
}
