import { ConnectionDone, ConnectionLost } from '@ropewalk/core'
import type { SendStatus } from '../connection/outbox.ts'
import type { WebSocketClosed } from '../connection/websocket-connection.ts'
import { WebSocketProtocol } from '../connection/websocket-protocol.ts'

/**
 * A WebSocket as promises, as `connectWebSocket` returns it:
 *
 *     for await (const message of socket) await socket.send(message)
 *
 * A message waits until it is taken. Meanwhile further messages are held back, within the bounds of the options, and
 * then the peer is slowed down.
 */
export class ConnectedWebSocket extends WebSocketProtocol implements AsyncIterable<string | Buffer> {
  /** Resolves when the WebSocket is gone. It never rejects. */
  readonly closed: Promise<WebSocketClosed>
  readonly #messages: (string | Buffer)[] = []
  /** Resolves the promise of the callback that waits until its message is taken. */
  #taken: (() => void) | undefined
  /** Called when a message has arrived or the WebSocket is gone. */
  #wake: (() => void)[] = []
  #end: WebSocketClosed | undefined
  #ended: (reason: WebSocketClosed) => void = () => undefined

  constructor() {
    super()
    this.closed = new Promise((resolve) => (this.#ended = resolve))
  }

  /**
   * Sends a text message, or bytes as a binary one. Resolves when there is space for another: with `dropped` when the
   * WebSocket is closing or gone.
   *
   * @throws {TypeError} (rejects) when `data` is neither.
   */
  async send(data: string | Uint8Array): Promise<SendStatus> {
    const { transport } = this
    const status =
      typeof data === 'string' ? transport.sendTextMessage(data) : transport.sendBytesMessage(data)
    if (status === 'queued') await transport.drained()
    return status
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
   * Yields messages until the WebSocket is closed by both sides. To leave the loop does not close it.
   *
   * @throws {ConnectionClosed} (rejects) when it ended without the close frames of both sides, after the messages that
   *   were received before.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<string | Buffer, void, undefined> {
    for (;;) {
      const message = this.#messages.shift()
      if (message !== undefined) {
        this.#release()
        yield message
      } else if (this.#end === undefined) await new Promise<void>((resolve) => this.#wake.push(resolve))
      else if (this.#end.wasClean) return
      else throw endError(this.#end)
    }
  }

  override negotiationFinished(): void {
    // When the peer leaves, its last messages are taken over at once: the wait for callbacks is limited.
    this.transport.signal.addEventListener('abort', () => this.#release(), { once: true })
  }

  override textMessageReceived(text: string): Promise<void> | undefined {
    return this.#received(text)
  }

  override bytesMessageReceived(data: Buffer): Promise<void> | undefined {
    return this.#received(data)
  }

  override connectionLost(reason: WebSocketClosed): void {
    this.#end = reason
    this.#release()
    this.#ended(reason)
    this.#awaken()
  }

  #received(message: string | Buffer): Promise<void> | undefined {
    this.#messages.push(message)
    this.#awaken()
    if (this.transport.signal.aborted) return undefined
    return new Promise((resolve) => (this.#taken = resolve))
  }

  #release(): void {
    this.#taken?.()
    this.#taken = undefined
  }

  #awaken(): void {
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }
}

function endError({ cause, code }: WebSocketClosed): Error {
  if (!(cause instanceof ConnectionDone)) return cause
  return new ConnectionLost(`The WebSocket ended without a closing handshake, with code ${code}`, { cause })
}
