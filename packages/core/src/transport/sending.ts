import { assertBytes } from '../bytes/byte-queue.ts'
import { ConnectionClosed, NotConnectedError } from '../errors.ts'
import type { Pipeable, PipeOptions, PushProducer, Transport } from '../interfaces/transport.ts'
import { checkValue } from '../options/check-options.ts'
import type { OptionRule } from '../options/option-rules.ts'
import { callSafely, tolerated } from '../safely.ts'

/** Those who wait to send on one connection: the `send` of a transport. */
export class Sender {
  readonly #transport: Transport
  /** Settles, never rejects, when all who sent before have been served; undefined when nobody waits. */
  #served: Promise<void> | undefined
  #waitingBytes = 0

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Writes `data` behind what others wait to send, as soon as there is room for it. */
  send(data: Uint8Array | string): Promise<void> {
    return swallowIfClosed(this.#send(data))
  }

  async #send(data: Uint8Array | string): Promise<void> {
    assertBytes(data)
    const before = this.#served
    if (before === undefined && this.#transport.write(data)) return
    const sent = before === undefined ? this.#room() : this.#sendAfter(before, data)
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
    if (!this.#transport.write(data)) await this.#room()
  }

  async #room(): Promise<void> {
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
  let all = false
  try {
    all = await unlessAborted(signals, () => pump(transport, pieces, signals))
  } finally {
    if (!all) pieces.release()
  }
  if (!all) throw await whyClosed(transport)
  if (end) transport.loseWriteConnection()
}

/** Answers whether all was queued and has room; false when the connection is closing. */
async function pump(
  transport: Transport,
  pieces: PieceSource,
  signals: readonly AbortSignal[],
): Promise<boolean> {
  let open = await transport.drained()
  while (open) {
    const piece = await pieces.next()
    // Nobody waits for us any more, and the connection may be in use for something else.
    if (signals.some(({ aborted }) => aborted)) return false
    if (piece.done === true) return transport.drained()
    open = transport.write(piece.value) || (await transport.drained())
  }
  return false
}

/** What `work` comes to, unless a signal aborts first: then its reason. Leaves nothing at the signals. */
async function unlessAborted<T>(signals: readonly AbortSignal[], work: () => Promise<T>): Promise<T> {
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

/** Pieces from somewhere, one for each time it is asked. */
export interface PieceSource {
  /** Asks for the next piece. */
  next(): Promise<IteratorResult<Uint8Array | string, unknown>>
  /** Nobody will ask again: gives up what the source holds, also while a piece is awaited. Throws nothing. */
  release(): void
}

/** Asks `source` for its pieces. */
export function piecesOf(source: Pipeable): PieceSource {
  checkValue('pipeFrom', 'source', source, PIPEABLE)
  return isWebStream(source) ? piecesOfWebStream(source) : piecesOfIterable(source)
}

/** An iterator of a web stream cannot be left while a piece is awaited; a reader can. */
function piecesOfWebStream(stream: WebStream): PieceSource {
  const reader = stream.getReader()
  return {
    async next() {
      const piece = await reader.read()
      // Read to its end, it is free for others.
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
      // Nor can that of a Node stream, which therefore is destroyed; any other has to end its wait itself.
      if ('destroy' in source && typeof source.destroy === 'function') source.destroy()
      void callSafely(() => iterator.return?.(), ignore)
    },
  }
}

/** What is used of a ReadableStream. */
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

/** A source of events that can be told to wait, such as a Node stream. */
export interface Pausable {
  pause(): unknown
  resume(): unknown
  destroy(): unknown
}

/**
 * Makes a push producer of a Node stream in flowing mode: it pauses while the consumer has enough, and is
 * destroyed when the consumer is gone.
 *
 * Bytes it gives are still yours to write, and its end yours to tell. `pipeFrom` does all of it; this is
 * for what happens on the way, such as counting or framing.
 */
export function producerFrom(stream: Pausable): PushProducer {
  return {
    pauseProducing: () => void stream.pause(),
    resumeProducing: () => void stream.resume(),
    stopProducing: () => void stream.destroy(),
  }
}

/**
 * Why nothing can be sent any more on `transport`, of which `drained` has answered false: the reason that
 * `connectionLost` gets, once it is known, or a NotConnectedError after `loseWriteConnection`.
 */
export async function whyClosed(transport: Transport): Promise<Error> {
  if (!transport.disconnecting) return new NotConnectedError('Cannot send after loseWriteConnection')
  const { signal } = transport
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  return signal.reason as Error
}

/**
 * The same promise, but the end of the connection never becomes an unhandled rejection, which ends the process:
 * a peer that leaves must not. Code that awaits the promise gets it. Anything else stays a rejection like any other.
 */
export function swallowIfClosed<T>(work: Promise<T>): Promise<T> {
  return tolerated(work, isEnd)
}

function isEnd(error: unknown): boolean {
  return error instanceof ConnectionClosed || error instanceof NotConnectedError
}

const MAX_WAITING_BYTES = 16_777_216
/** A string is iterable too, a letter at a time; `write` is for it. */
const PIPEABLE: OptionRule = (value) => {
  const isObject = typeof value === 'object' && value !== null
  return isObject && (Symbol.asyncIterator in value || 'getReader' in value)
    ? undefined
    : { kind: 'type', wanted: 'a stream or an async iterable; bytes and strings go to write' }
}
