import { ByteQueue } from '@ropewalk/core/bytes'
import type { MessageKind } from '../codec/message-assembly.ts'
import { IncompleteMessageError, WebSocketError } from '../errors.ts'

/**
 * A message that is received while it arrives. Read it in `messageReceived`: when that has returned, or the
 * promise that it returned has settled, the rest of the message is discarded.
 *
 * It is read once, in one of the ways below. While it is not read, at most `maxBytesAhead` of it are held;
 * beyond, the peer waits.
 */
export class WebSocketMessage implements AsyncIterable<string | Buffer> {
  /** Whether it is text, which has been checked to be UTF-8, or binary. */
  readonly kind: MessageKind
  readonly #body: MessageBody
  readonly #maxBytes: number

  /** Called by the channel; programs construct none. */
  constructor(kind: MessageKind, body: MessageBody, maxBytes: number) {
    this.kind = kind
    this.#body = body
    this.#maxBytes = maxBytes
  }

  /**
   * Reads the message as it arrives: strings of a text message, which end between characters, and Buffers of a
   * binary one, which the caller may keep and change. After an early exit of the loop, the rest is discarded.
   *
   * @throws {IncompleteMessageError} (rejects) when the WebSocket ends before the message, or the rest has been
   *   discarded.
   * @throws {Error} (rejects) when it is read in another way at the same time.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<string | Buffer, void, undefined> {
    if (this.kind === 'bytes') return yield* this.data()
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    for await (const data of this.data()) {
      const text = decoder.decode(data, { stream: true })
      if (text !== '') yield text
    }
    return undefined
  }

  /** Reads the bytes of the message as they arrive, also of a text message. Rejects as the iterator does. */
  async *data(): AsyncGenerator<Buffer, void, undefined> {
    const body = this.#body
    try {
      for (let data = await body.next(); data !== undefined; data = await body.next()) yield data
    } finally {
      body.discard()
    }
  }

  /**
   * Reads the rest as one string.
   *
   * @param maxBytes Most bytes that it may have. Beyond it, the WebSocket closes with 1009 if the rejection is
   *   passed on. Default `maxMessageBytes`, or 1 MiB when that is Infinity.
   * @throws {WebSocketError} (rejects) beyond `maxBytes`.
   * @throws {IncompleteMessageError} (rejects) as the iterator does.
   */
  async text(maxBytes: number = this.#maxBytes): Promise<string> {
    return (await this.bytes(maxBytes)).toString()
  }

  /** Reads the rest as one Buffer. Rejects as `text` does. */
  async bytes(maxBytes: number = this.#maxBytes): Promise<Buffer> {
    const queue = new ByteQueue()
    for await (const data of this.data()) {
      queue.push(data)
      if (queue.length > maxBytes) {
        throw this.#body.tooLarge(maxBytes)
      }
    }
    return queue.takeAll()
  }
}

/** The callbacks of a MessageBody. */
export interface MessageBodyOwner {
  /** The number of bytes held has changed by `bytes`, or the end was read. */
  held(bytes: number): void
  /** The message is too long to be read as a whole: its reader is given `error`. */
  tooLarge(error: WebSocketError): void
}

/** What has arrived of one message, and was not read. */
export class MessageBody {
  readonly #held = new ByteQueue()
  readonly #owner: MessageBodyOwner
  /** Why no more arrives. */
  #end: 'complete' | 'discarded' | IncompleteMessageError | undefined
  #wake: (() => void) | undefined

  constructor(owner: MessageBodyOwner) {
    this.#owner = owner
  }

  /** Adds bytes that have arrived; drops them after `discard`. */
  push(data: Buffer): void {
    if (this.#end !== undefined) return
    this.#held.push(data)
    this.#owner.held(data.length)
    this.#woken()
  }

  /** The message has ended, completely or by the end of its WebSocket. The first end counts. */
  end(how: 'complete' | IncompleteMessageError): void {
    this.#end ??= how
    this.#woken()
  }

  /** Drops what is held and what is still to come. */
  discard(): void {
    this.#end = 'discarded'
    this.#owner.held(-this.#held.length)
    this.#held.clear()
    this.#woken()
  }

  /**
   * Resolves with the next bytes, or with undefined at the end.
   *
   * @throws {Error} (rejects) while another call waits.
   */
  async next(): Promise<Buffer | undefined> {
    if (this.#wake !== undefined) throw new Error('Cannot read a message in two ways at the same time')
    while (this.#held.length === 0 && this.#end === undefined)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    const data = this.#held.takeUpTo(Infinity)
    if (data !== undefined) {
      this.#owner.held(-data.length)
      return data
    }
    this.#owner.held(0)
    if (this.#end === 'complete') return undefined
    throw this.#end instanceof IncompleteMessageError
      ? this.#end
      : new IncompleteMessageError('Cannot read a message after messageReceived: the rest was discarded')
  }

  /** Returns the error for a message of more than `maxBytes`. */
  tooLarge(maxBytes: number): WebSocketError {
    const message = `Cannot accept a message of more than ${maxBytes} bytes`
    const error = new WebSocketError('message-too-large', message)
    this.#owner.tooLarge(error)
    return error
  }

  #woken(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
