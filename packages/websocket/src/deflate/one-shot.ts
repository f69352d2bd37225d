import { constants } from 'node:buffer'
import type zlib from 'node:zlib'
import { WebSocketError } from '../errors.ts'
import type { DeflateDirection } from './deflate-agreement.ts'
import type { DeflateOptions } from './deflate-options.ts'
import {
  EMPTY_MESSAGE,
  invalidCompression,
  type ClosableInflater,
  MOST_ENDS,
  type SlicedDeflater,
  TAIL,
  tooLarge,
} from './message-codec.ts'
import { nodeZlib, zlibBits } from './zlib-handle.ts'

/**
 * Inflates messages with nothing but zlib's public functions, each message at once: for versions of Node without
 * what ZlibHandle needs. What earlier messages contained is passed as a dictionary.
 */
export class OneShotInflater implements ClosableInflater {
  readonly #direction: DeflateDirection
  #pieces: Uint8Array[] = []
  #history: Uint8Array = NO_BYTES

  constructor(direction: DeflateDirection) {
    this.#direction = direction
  }

  inflate(data: Uint8Array, last: boolean, mostBytes: number): Uint8Array {
    this.#pieces.push(Buffer.from(data))
    if (!last) return NO_BYTES
    // The empty last block makes zlib check that the message ends where a block ends.
    const input = Buffer.concat([...this.#pieces, TAIL, LAST_BLOCK])
    this.#pieces = []
    const inflated = this.#inflate(input, mostBytes)
    if (this.#direction.contextTakeover) this.#history = latest(this.#history, inflated)
    return inflated
  }

  /** Releases what it keeps. */
  close(): void {
    this.#pieces = []
    this.#history = NO_BYTES
  }

  /** Inflates a message that may consist of several streams: a block may be marked as the last one. */
  #inflate(input: Buffer, mostBytes: number): Buffer {
    const outputs: Buffer[] = []
    let [at, leftBytes, history] = [0, mostBytes, this.#history]
    for (let ends = 0; at < input.length; ends++) {
      if (ends > MOST_ENDS) throw invalidCompression('has too many blocks marked as the last one')
      const { buffer, consumedBytes } = inflateOnce(input.subarray(at), leftBytes, history)
      outputs.push(buffer)
      at += consumedBytes
      leftBytes -= buffer.length
      history = NO_BYTES
      // A message may end with a block marked as the last one, without the empty block that should follow it.
      if (input.length - at === TAIL.length + LAST_BLOCK.length) break
    }
    if (outputs.length > 1) this.#history = NO_BYTES
    return outputs.length === 1 ? (outputs[0] ?? Buffer.alloc(0)) : Buffer.concat(outputs)
  }
}

/** Deflates messages with nothing but zlib's public functions: the counterpart of OneShotInflater. */
export class OneShotDeflater implements SlicedDeflater {
  readonly #direction: DeflateDirection
  readonly #options: DeflateOptions
  #history: Uint8Array = NO_BYTES

  constructor(direction: DeflateDirection, options: DeflateOptions) {
    this.#direction = direction
    this.#options = options
  }

  deflate(data: Uint8Array): Uint8Array {
    if (data.length === 0) return EMPTY_MESSAGE
    const { level, memLevel } = this.#options
    const deflated = nodeZlib().deflateRawSync(data, {
      windowBits: zlibBits(this.#direction.windowBits),
      level,
      memLevel,
      finishFlush: nodeZlib().constants.Z_SYNC_FLUSH,
      ...dictionary(this.#history),
    })
    if (this.#direction.contextTakeover) this.#history = latest(this.#history, data)
    return deflated.subarray(0, -TAIL.length)
  }

  /** Works in one slice. */
  // oxlint-disable-next-line require-yield -- a generator with one slice
  *slices(data: Uint8Array): Generator<void, Uint8Array> {
    return this.deflate(data)
  }

  forget(): void {
    this.#history = NO_BYTES
  }

  close(): void {
    this.forget()
  }
}

function inflateOnce(
  input: Uint8Array,
  mostBytes: number,
  history: Uint8Array,
): { readonly buffer: Buffer; readonly consumedBytes: number } {
  try {
    const result: unknown = nodeZlib().inflateRawSync(input, {
      windowBits: 15,
      maxOutputLength: Math.min(Math.max(mostBytes, 1), constants.MAX_LENGTH),
      info: true,
      ...dictionary(history),
    })
    const { buffer, engine } = result as { readonly buffer: Buffer; readonly engine: zlib.InflateRaw }
    if (buffer.length > mostBytes) throw tooLarge()
    if (engine.bytesWritten === input.length && buffer.length > withoutEnd(input, history))
      throw invalidCompression('ends within a block')
    return { buffer, consumedBytes: engine.bytesWritten }
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge()
    if (error instanceof WebSocketError) throw error
    throw invalidCompression('is not DEFLATE, or ends within a block')
  }
}

/** How many bytes the input yields without what was added to it: what was added must yield nothing. */
function withoutEnd(input: Uint8Array, history: Uint8Array): number {
  const end = Math.max(0, input.length - TAIL.length - LAST_BLOCK.length)
  const options = { windowBits: 15, finishFlush: nodeZlib().constants.Z_SYNC_FLUSH, ...dictionary(history) }
  return end === 0 ? 0 : nodeZlib().inflateRawSync(input.subarray(0, end), options).length
}

function dictionary(history: Uint8Array): { readonly dictionary?: Uint8Array } {
  return history.length === 0 ? {} : { dictionary: history }
}

/** The last 32 KiB of two pieces of data. */
function latest(before: Uint8Array, after: Uint8Array): Uint8Array {
  if (after.length >= MAX_WINDOW_BYTES) return Buffer.from(after.subarray(-MAX_WINDOW_BYTES))
  return Buffer.concat([before, after]).subarray(-MAX_WINDOW_BYTES)
}

const NO_BYTES = Buffer.alloc(0)
/** The largest window. */
const MAX_WINDOW_BYTES = 32_768
/** An empty stored block that is marked as the last one. */
const LAST_BLOCK = Buffer.of(0x01, 0x00, 0x00, 0xff, 0xff)
