import { assertBytes } from '../bytes/byte-queue.ts'
import { ConnectionClosed, NotConnectedError } from '../errors.ts'
import type { Pipeable, PipeOptions, PushProducer, Transport } from '../interfaces/transport.ts'
import { checkValue } from '../options/check-options.ts'
import type { OptionRule } from '../options/option-rules.ts'
import { callSafely, tolerated } from '../safely.ts'

/** The queue of calls of `send` on one connection. */
export class Sender {
  readonly #transport: Transport
  /** Resolves when all earlier calls are finished, successful or not; undefined when none is waiting. */
  #served: Promise<void> | undefined
  #waitingBytes = 0

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Writes `data` after the data of earlier calls, when the transport's queue has space for it. */
  send(data: Uint8Array | string): Promise<void> {
    return swallowIfClosed(this.#send(data))
  }

  async #send(data: Uint8Array | string): Promise<void> {
    assertBytes(data)
    const before = this.#served
    if (before === undefined && this.#transport.write(data)) return
    const sent = before === undefined ? this.#whenSpace() : this.#sendAfter(before, data)
    const served = sent.catch(() => undefined)
    this.#served = served
    try {
      await sent
    } finally {
      if (this.#served === served) this.#served = undefined
    }
  }

  async #sendAfter(before: Promise<void>, data: Uint8Array | string): Promise<void> {
    const bytes = Buffer.byteLength(data)
    this.#waitingBytes += bytes
    if (this.#waitingBytes > MAX_WAITING_BYTES)
      this.#transport.abortConnection(
        new Error(`Cannot keep the connection: more than ${MAX_WAITING_BYTES} bytes wait to be sent`),
      )
    await before
    this.#waitingBytes -= bytes
    if (!this.#transport.write(data)) await this.#whenSpace()
  }

  async #whenSpace(): Promise<void> {
    if (!(await this.#transport.drained())) throw await whyClosed(this.#transport)
  }
}

/** The `pipeFrom` of a transport. */
export function pipeFrom(transport: Transport, source: Pipeable, options: PipeOptions): Promise<void> {
  return swallowIfClosed(pipe(transport, source, options))
}

async function pipe(
  transport: Transport,
  source: Pipeable,
  { signal, end = false }: PipeOptions,
): Promise<void> {
  const signals = signal === undefined ? [transport.signal] : [signal, transport.signal]
  const pieces = piecesOf(source)
  let complete = false
  try {
    complete = await untilAnyAborted(signals, () => pump(transport, pieces, signals))
  } finally {
    if (!complete) pieces.release()
  }
  if (!complete) throw await whyClosed(transport)
  if (end) transport.loseWriteConnection()
}

/**
 * Resolves with true when everything is queued and the queue has space; with false when the connection is
 * closing.
 */
async function pump(
  transport: Transport,
  pieces: PieceSource,
  signals: readonly AbortSignal[],
): Promise<boolean> {
  let open = await transport.drained()
  while (open) {
    const piece = await pieces.next()
    // The promise of the pipe has settled, and the connection may be in use for something else.
    if (signals.some(({ aborted }) => aborted)) return false
    if (piece.done === true) return transport.drained()
    open = transport.write(piece.value) || (await transport.drained())
  }
  return false
}

/**
 * Settles as `work` does, or rejects with the reason of the signal that aborts first. Removes its listeners.
 */
async function untilAnyAborted<T>(signals: readonly AbortSignal[], work: () => Promise<T>): Promise<T> {
  const forget: (() => void)[] = []
  try {
    return await new Promise<T>((resolve, reject) => {
      for (const signal of signals) {
        signal.throwIfAborted()
        const abort = (): void => reject(signal.reason as Error)
        signal.addEventListener('abort', abort, { once: true })
        forget.push(() => signal.removeEventListener('abort', abort))
      }
      work().then(resolve, reject)
    })
  } finally {
    for (const one of forget) one()
  }
}

/** A source that returns one piece for each call. */
export interface PieceSource {
  /** Resolves with the next piece. */
  next(): Promise<IteratorResult<Uint8Array | string, unknown>>
  /**
   * Releases the resources of the source, also while a piece is awaited. `next` is not called again. Never
   * throws.
   */
  release(): void
}

/** Starts to read the pieces of `source`. */
export function piecesOf(source: Pipeable): PieceSource {
  checkValue('pipeFrom', 'source', source, PIPEABLE)
  return isWebStream(source) ? piecesOfWebStream(source) : piecesOfIterable(source)
}

/** The iterator of a web stream cannot be cancelled while a piece is awaited, but a reader can. */
function piecesOfWebStream(stream: WebStream): PieceSource {
  const reader = stream.getReader()
  return {
    async next() {
      const piece = await reader.read()
      // A stream that was read to its end is unlocked for other readers.
      if (piece.done === true) reader.releaseLock()
      return piece
    },
    release: () => void callSafely(() => reader.cancel(), ignore),
  }
}

function piecesOfIterable(source: Pipeable): PieceSource {
  const iterator = source[Symbol.asyncIterator]()
  return {
    next: () => iterator.next(),
    release() {
      // The iterator of a Node stream cannot be cancelled either, so the stream is destroyed. Any other
      // source must end its wait itself.
      if ('destroy' in source && typeof source.destroy === 'function') source.destroy()
      void callSafely(() => iterator.return?.(), ignore)
    },
  }
}

/** The used part of a ReadableStream. */
interface WebStream {
  getReader(): {
    read(): Promise<IteratorResult<Uint8Array | string, unknown>>
    cancel(): Promise<void>
    releaseLock(): void
  }
}

function isWebStream(source: object): source is WebStream {
  return 'getReader' in source && typeof source.getReader === 'function'
}

function ignore(): void {}

/** A source of events that can be paused, such as a Node stream. */
export interface Pausable {
  pause(): unknown
  resume(): unknown
  destroy(): unknown
}

/**
 * Makes a push producer from a Node stream in flowing mode: the stream is paused while the consumer's queue
 * is full, and destroyed when the consumer is gone.
 *
 * The caller still writes the stream's data to the consumer and handles the stream's end. `pipeFrom` does all
 * of this; use this function to process the data on the way, such as to count or frame it.
 */
export function producerFrom(stream: Pausable): PushProducer {
  return {
    pauseProducing: () => void stream.pause(),
    resumeProducing: () => void stream.resume(),
    stopProducing: () => void stream.destroy(),
  }
}

/**
 * Resolves with the reason why nothing more can be sent, after `transport.drained()` has resolved with false:
 * the reason that `connectionLost` gets, once it is known, or a NotConnectedError after
 * `loseWriteConnection`.
 */
export async function whyClosed(transport: Transport): Promise<Error> {
  if (!transport.disconnecting) return new NotConnectedError('Cannot send after loseWriteConnection')
  const { signal } = transport
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  return signal.reason as Error
}

/**
 * Returns a promise with the same outcome, but a rejection because of the end of the connection is swallowed
 * if the promise is not awaited: a peer that disconnects must not end the process with an unhandled
 * rejection. Code that awaits the promise gets every rejection.
 */
export function swallowIfClosed<T>(work: Promise<T>): Promise<T> {
  return tolerated(work, isClosedError)
}

function isClosedError(error: unknown): boolean {
  return error instanceof ConnectionClosed || error instanceof NotConnectedError
}

const MAX_WAITING_BYTES = 16_777_216
/** Excludes strings: they are iterable letter by letter, but belong to `write`. */
const PIPEABLE: OptionRule = (value) => {
  const isObject = typeof value === 'object' && value !== null
  return isObject && (Symbol.asyncIterator in value || 'getReader' in value)
    ? undefined
    : { kind: 'type', wanted: 'a stream or an async iterable; bytes and strings go to write' }
}
