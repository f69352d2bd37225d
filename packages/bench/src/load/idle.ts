import { type Connection, openAll, type Receiver } from './connections.ts'
import { Histogram } from './histogram.ts'
import type { Load, LoadOptions } from './load.ts'
import { upgradeRequest } from './websocket-frames.ts'

/** Connections that send nothing once they are open. */
export interface IdleOptions extends LoadOptions {
  /** What each connection does first: one GET request whose response it reads, or an upgrade to a WebSocket. */
  readonly begins: 'with nothing' | 'with a request' | 'with an upgrade'
}

/** Opens connections and keeps them; the server sends nothing that it is not asked for. */
export class IdleConnections implements Load {
  readonly latencies: Histogram = new Histogram()
  readonly requests = 0
  readonly bytesReceived = 0
  readonly #options: IdleOptions

  constructor(options: IdleOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    const { begins, port } = this.#options
    const answered: Promise<void>[] = []
    await openAll(
      this.#options,
      begins === 'with an upgrade' ? upgradeRequest(port) : undefined,
      (connection) => {
        if (begins === 'with nothing') return SILENT
        if (begins === 'with an upgrade') return PINGED
        const { promise, receiver } = requestOnce(connection, port)
        answered.push(promise)
        return receiver
      },
    )
    await Promise.all(answered)
  }

  start(): void {
    // Nothing is sent.
  }

  async pause(): Promise<void> {
    // Nothing is in flight.
  }
}

/** Sends a request; the promise resolves when its response is complete. */
function requestOnce(
  connection: Connection,
  port: number,
): { readonly promise: Promise<void>; readonly receiver: Receiver } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((resolved) => {
    resolve = resolved
  })
  let text = ''
  connection.write(Buffer.from(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`))
  const received = (chunk: Buffer, count: number): void => {
    text += chunk.toString('latin1', 0, count)
    if (!text.startsWith('HTTP/1.1 200 ') && text.length > 13) throw new Error(`Expected a response: ${text}`)
    if (text.endsWith(BODY)) resolve()
  }
  return { promise, receiver: { received } }
}

const SILENT: Receiver = {
  received(chunk, count) {
    throw new Error(`Expected silence, got ${chunk.toString('latin1', 0, Math.min(count, 300))}`)
  },
}
/** A WebSocket may be pinged. No pong is sent: the connections are needed for less time than a server waits for one. */
const PINGED: Receiver = {
  received(chunk, count) {
    if (chunk[0] !== PING) SILENT.received(chunk, count)
  },
}
const PING = 0x89
/** What the servers of `http-….mjs` respond to a request of `/`. */
const BODY = '\r\n\r\nHello, world!'
