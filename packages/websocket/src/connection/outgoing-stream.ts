import { isThenable } from '@ropewalk/core/reactor'
import { Opcode } from '../codec/frame-header.ts'
import type { MessageKind } from '../codec/message-assembly.ts'
import { UTF8Validator } from '../codec/utf8.ts'
import { openingOpcode, type Turn, type TurnHolder } from './send-queue.ts'

/** The pieces of one message: an async iterable, such as a Node stream or a web stream, or an iterable. */
export type MessageSource = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>

/** How a message is sent from a source. */
export interface SendMessageOptions {
  /** Whether it is a text message. Its pieces of bytes must be UTF-8, but may be cut anywhere. Default `bytes`. */
  readonly kind: MessageKind
  /** Longest frame, in bytes: a longer piece is sent in several. At least 1. Default 65 536. */
  readonly frameBytes: number
}

/** Sends one message from a source, each piece in frames of its own, as fast as the peer reads. */
export class OutgoingStream implements TurnHolder {
  /**
   * Resolves with true when the message is sent and there is room again, with false when the WebSocket closes
   * before. Rejects with the error of the source.
   */
  readonly sent: Promise<boolean>
  readonly #source: MessageSource
  readonly #options: SendMessageOptions
  readonly #pieces: Pieces
  readonly #failed: (error: unknown) => void
  #sentBytes = 0
  #settle: { resolve(sent: boolean): void; reject(error: unknown): void } | undefined
  #iterator: AsyncIterator<Uint8Array | string> | Iterator<Uint8Array | string> | undefined

  /** @param failed Called when the source fails: the message cannot be completed. */
  constructor(source: MessageSource, options: SendMessageOptions, failed: (error: unknown) => void) {
    this.#source = source
    this.#options = options
    this.#pieces = options.kind === 'text' ? new TextPieces() : BINARY
    this.#failed = failed
    this.sent = new Promise((resolve, reject) => (this.#settle = { resolve, reject }))
  }

  /** Bytes of content that were written. */
  get sentBytes(): number {
    return this.#sentBytes
  }

  turnCame(turn: Turn): void {
    void this.#run(turn).catch((error: unknown) => this.#fail(error))
  }

  turnLost(): void {
    const iterator = this.#iterator
    const settle = this.#over()
    settle?.resolve(false)
    const source: object = this.#source
    if ('destroy' in source && typeof source.destroy === 'function') {
      // A Node stream that is read at this moment ends its iterator only when it is destroyed.
      source.destroy()
      release(() => iterator)
      return
    }
    // A source whose turn never came may hold something, too: a request, or the listeners of an emitter.
    if (settle !== undefined) release(() => iterator ?? iteratorOf(this.#source))
  }

  async #run(turn: Turn): Promise<void> {
    const iterator = iteratorOf(this.#source)
    this.#iterator = iterator
    let opcode: Opcode = openingOpcode(this.#options.kind)
    for (;;) {
      const next = await iterator.next()
      if (this.#settle === undefined) return
      if (next.done === true) return this.#end(turn, opcode)
      const data = this.#pieces.bytesOf(next.value)
      for (let at = 0; at < data.length; at += this.#options.frameBytes) {
        const frame = data.subarray(at, at + this.#options.frameBytes)
        const room = turn.write(opcode, frame, { fin: false, compressed: false })
        this.#sentBytes += frame.length
        opcode = Opcode.continuation
        if (!room && !(await turn.room())) return
      }
    }
  }

  /** Only now is it known that the last piece was the last: an empty frame ends the message. */
  #end(turn: Turn, opcode: Opcode): void {
    const last = this.#pieces.end()
    this.#sentBytes += last.length
    turn.write(opcode, last, { fin: true, compressed: false })
    const settle = this.#over()
    const room = turn.room()
    turn.end()
    void room.then(() => settle?.resolve(true))
  }

  #fail(error: unknown): void {
    const iterator = this.#iterator
    const settle = this.#over()
    if (settle === undefined) return
    settle.reject(error)
    release(() => iterator)
    this.#failed(error)
  }

  #over(): { resolve(sent: boolean): void; reject(error: unknown): void } | undefined {
    const settle = this.#settle
    this.#settle = undefined
    this.#iterator = undefined
    return settle
  }
}

function iteratorOf(
  source: MessageSource,
): AsyncIterator<Uint8Array | string> | Iterator<Uint8Array | string> {
  if (source instanceof ReadableStream) return readerOf(source)
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
}

/** The iterator of a web stream cannot be released while a piece is awaited, but a reader can. */
function readerOf(stream: ReadableStream<Uint8Array | string>): AsyncIterator<Uint8Array | string> {
  const reader = stream.getReader()
  return {
    next: async () => {
      const { done, value } = await reader.read()
      // A stream that was read to its end is unlocked for other readers.
      if (done) reader.releaseLock()
      return done ? { done, value: undefined } : { done, value }
    },
    return: async () => {
      await reader.cancel()
      return { done: true, value: undefined }
    },
  }
}

/** An iterator that fails when it is released is not reported: its message is over. */
function release(iterator: () => AsyncIterator<unknown> | Iterator<unknown> | undefined): void {
  try {
    const released: unknown = iterator()?.return?.()
    if (isThenable(released)) released.then(undefined, () => undefined)
  } catch {
    // As above.
  }
}

/** Turns the pieces of a source into bytes. */
interface Pieces {
  /** @throws {TypeError} when the piece is neither bytes nor a string, or not UTF-8. */
  bytesOf(piece: Uint8Array | string): Uint8Array
  /** Returns what is left at the end. */
  end(): Uint8Array
}

const BINARY: Pieces = {
  bytesOf: (piece) => (typeof piece === 'string' ? Buffer.from(piece) : checkedBytes(piece)),
  end: () => NO_BYTES,
}

/** Text whose pieces may be cut within a character. */
class TextPieces implements Pieces {
  readonly #validator = new UTF8Validator()
  /** The first half of a surrogate pair, when a string ended with it. */
  #half = ''

  bytesOf(piece: Uint8Array | string): Uint8Array {
    if (typeof piece !== 'string') {
      const half = Buffer.from(this.#half)
      this.#half = ''
      return this.#checked(
        half.length === 0 ? checkedBytes(piece) : Buffer.concat([half, checkedBytes(piece)]),
      )
    }
    const text = this.#half + piece
    this.#half = HIGH_SURROGATE_LAST.test(text) ? text.slice(-1) : ''
    return this.#checked(Buffer.from(this.#half === '' ? text : text.slice(0, -1)))
  }

  end(): Uint8Array {
    const rest = this.#checked(Buffer.from(this.#half))
    if (!this.#validator.complete) throw notUTF8()
    return rest
  }

  #checked(data: Uint8Array): Uint8Array {
    if (!this.#validator.accepts(data)) throw notUTF8()
    return data
  }
}

function checkedBytes(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece
  throw new TypeError(`Cannot send a piece that is ${typeof piece}: the source must give bytes or strings`)
}

function notUTF8(): TypeError {
  return new TypeError("Cannot send a text message that is not UTF-8: use the kind 'bytes'")
}

const NO_BYTES = new Uint8Array(0)
const HIGH_SURROGATE_LAST = /[\ud800-\udbff]$/
