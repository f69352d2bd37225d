import { ConnectionDone, ConnectionLost } from '@ropewalk/core'
import { callSafely } from '@ropewalk/core/reactor'
import type { WebSocketClosed } from './websocket-connection.ts'
import { WebSocketProtocol } from './websocket-protocol.ts'
import type { WebSocketTransport } from './websocket-transport.ts'

/**
 * A WebSocket as promises, as `connectWebSocket` returns it:
 *
 *     for await (const message of socket) await socket.send(message)
 *
 * A message waits until it is taken. Meanwhile further messages are held back, within the bounds of the options
 * (`maxMessagesAhead`, `maxBytesAhead`), and then the peer is slowed down. Messages that were received before
 * the peer left can still be taken.
 *
 * A server subclasses it, and serves each WebSocket in `run`. `User` is the type of `this.user` there.
 */
export class ConnectedWebSocket<User = unknown>
  extends WebSocketProtocol<User>
  implements AsyncIterable<string | Buffer>
{
  /** Resolves when the WebSocket is gone. It never rejects. */
  readonly closed: Promise<WebSocketClosed>
  readonly #messages: (string | Buffer)[] = []
  /** Resolves the promise of the callback that waits until its message is taken. */
  #taken: (() => void) | undefined
  /** The calls of `receive` that wait: each is given a message, or undefined when the WebSocket is gone. */
  #waiting: ((message: string | Buffer | undefined) => void)[] = []
  #end: { readonly error: Error | undefined } | undefined
  #ended: (reason: WebSocketClosed) => void = () => undefined

  constructor() {
    super()
    this.closed = new Promise((resolve) => (this.#ended = resolve))
  }

  /**
   * Serves the WebSocket, if it is implemented. It is called when the WebSocket is open, and may await messages.
   * When it has returned, the WebSocket is closed with 1000. When it throws, the error is logged, and the
   * WebSocket is closed with 1011; the error with which `receive` or the loop ended is not logged.
   */
  run?(): unknown

  /**
   * Sends text, or bytes as a binary message. Resolves when there is room for another: with `sent`, or with
   * `dropped` when the WebSocket is closing or gone. See `transport.send`.
   *
   * @throws {TypeError} (rejects) when `data` is neither.
   */
  send(data: string | Uint8Array): Promise<'sent' | 'dropped'> {
    return this.transport.send(data)
  }

  /**
   * Takes the next message. Concurrent calls are served in order.
   *
   * @returns undefined when the WebSocket is closed: by this side, or by the peer with 1000, 1001 or no code.
   * @throws {ConnectionClosed} (rejects) when it ended in another way, after the messages received before.
   *   `closed` has the details.
   */
  async receive(): Promise<string | Buffer | undefined> {
    // A message is dealt with when the next one is asked for: until then no other is read.
    if (this.#messages.length === 0) this.#release()
    const message = this.#messages.shift() ?? (await this.#nextMessage())
    if (message === undefined && this.#end?.error !== undefined) throw this.#end.error
    return message
  }

  /**
   * Begins the closing handshake, and resolves as `closed`. No further message is received.
   *
   * @throws {RangeError} (rejects) for a code or reason that cannot be sent.
   */
  async close(code: number = 1000, reason: string = ''): Promise<WebSocketClosed> {
    this.transport.loseConnection(code, reason)
    this.#release()
    return this.closed
  }

  /** The same as `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /**
   * Takes messages until the WebSocket is closed; ends and rejects as `receive` does. A loop that is left early
   * closes the WebSocket with 1000.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<string | Buffer, undefined, undefined> {
    const iterator: AsyncIterableIterator<string | Buffer, undefined, undefined> = {
      next: async () => {
        const value = await this.receive()
        return value === undefined ? { done: true, value } : { done: false, value }
      },
      return: async () => {
        this.transport.loseConnection()
        this.#release()
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  override negotiationStarted(transport: WebSocketTransport): unknown {
    super.negotiationStarted(transport)
    // When the peer leaves, its last messages are taken over at once: the wait for callbacks is limited.
    if (!transport.signal.aborted)
      transport.signal.addEventListener('abort', () => this.#release(), { once: true })
    return undefined
  }

  override negotiationFinished(): unknown {
    if (this.run !== undefined) void this.#run()
    return undefined
  }

  override textMessageReceived(text: string): unknown {
    return this.#received(text)
  }

  override bytesMessageReceived(data: Buffer): unknown {
    return this.#received(data)
  }

  override connectionLost(reason: WebSocketClosed): unknown {
    this.#end = { error: errorOf(reason) }
    this.#release()
    this.#ended(reason)
    for (const give of this.#waiting.splice(0)) give(undefined)
    return undefined
  }

  async #run(): Promise<void> {
    let failed = false
    const { transport } = this
    // Called in a microtask, like everything after an await: the channel has then begun to read.
    await Promise.resolve()
    await callSafely(
      () => this.run?.(),
      (error) => {
        failed = true
        if (error !== this.#end?.error) transport.failConnection(error)
      },
    )
    if (!failed) transport.loseConnection()
  }

  #received(message: string | Buffer): Promise<void> | undefined {
    const give = this.#waiting.shift()
    if (give !== undefined) give(message)
    else this.#messages.push(message)
    if (this.transport.signal.aborted || this.#waiting.length > 0) return undefined
    return new Promise((resolve) => (this.#taken = resolve))
  }

  #release(): void {
    this.#taken?.()
    this.#taken = undefined
  }

  /** Resolves with the next message that arrives, in the order of the calls. */
  #nextMessage(): Promise<string | Buffer | undefined> | undefined {
    return this.#end === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : undefined
  }
}

/** The error with which reading ends; undefined when the WebSocket was closed as planned. */
function errorOf({ cause, closedBy, code, reason, violation, wasClean }: WebSocketClosed): Error | undefined {
  if (wasClean && violation === undefined && (closedBy === 'us' || PLANNED.has(code))) return undefined
  if (!(cause instanceof ConnectionDone)) return cause
  if (closedBy === 'neither') {
    return new ConnectionLost(`The WebSocket ended without a closing handshake, with code ${code}`, { cause })
  }
  const why = reason === '' ? '' : `: ${reason}`
  return new ConnectionLost(
    `The WebSocket was closed by ${closedBy === 'us' ? 'us' : 'the peer'} with code ${code}${why}`,
    { cause },
  )
}

/** RFC 6455 §7.4.1: a purpose is fulfilled, an endpoint goes away, or there is no code. */
const PLANNED: ReadonlySet<number> = new Set([1000, 1001, 1005])
