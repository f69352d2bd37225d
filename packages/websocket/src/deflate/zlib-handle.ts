import type zlib from 'node:zlib'

/** Which state of zlib a handle has. */
export type ZlibKind = { readonly is: 'inflate'; readonly windowBits: number } | DeflateKind

/** The state of a compressor. */
export interface DeflateKind {
  readonly is: 'deflate'
  readonly windowBits: number
  readonly level: number
  readonly memLevel: number
}

/**
 * One state of zlib that is kept between calls, and works in this thread before a call returns.
 *
 * Node has either: its streams keep their state and work in another thread, and its functions that end in Sync
 * keep no state. So this calls the object below a stream, which is not public: everything that does so is in
 * this file. If Node does not have it, `openSync` returns undefined, and one-shot.ts is used, which needs
 * nothing that is not public.
 */
export class ZlibHandle {
  readonly kind: ZlibKind
  readonly #stream: zlib.DeflateRaw | zlib.InflateRaw
  readonly #handle: NodeHandle
  /** Set by each call: the bytes of output and of input that are left. */
  readonly #left: Uint32Array
  #consumedBytes = 0
  #producedBytes = 0

  private constructor(kind: ZlibKind, stream: zlib.DeflateRaw | zlib.InflateRaw, parts: StreamParts) {
    this.kind = kind
    this.#stream = stream
    this.#handle = parts._handle
    this.#left = parts._writeState
    // An error is found after the call that caused it.
    stream.on('error', ignore)
  }

  /**
   * Opens a state. It ends in Sync for simulations, which refuse zlib unless it works in this thread.
   *
   * @returns undefined when this version of Node does not have what it needs.
   */
  static openSync(kind: ZlibKind): ZlibHandle | undefined {
    const stream = kind.is === 'deflate' ? makeDeflate(kind) : makeInflate(kind)
    const parts: unknown = stream
    if (hasParts(parts)) return new ZlibHandle(kind, stream, parts)
    stream.close()
    return undefined
  }

  /** Whether this version of Node has what a handle needs, and it works. */
  static worksSync(): boolean {
    return trySync()
  }

  /** Bytes that the last call took. */
  get consumedBytes(): number {
    return this.#consumedBytes
  }

  /** Bytes that the last call wrote to its output. */
  get producedBytes(): number {
    return this.#producedBytes
  }

  /**
   * Passes `input` from `start` on to zlib, and writes what that yields to `output`, until either is used up.
   *
   * @returns false when the input is not DEFLATE: the state cannot be used any more.
   */
  run(flush: Flush, input: Uint8Array, start: number, output: Uint8Array): boolean {
    const inputBytes = input.length - start
    this.#handle.writeSync(flush, input, start, inputBytes, output, 0, output.length)
    if (this.#stream.destroyed) return false
    this.#producedBytes = output.length - (this.#left[0] ?? 0)
    this.#consumedBytes = inputBytes - (this.#left[1] ?? 0)
    return true
  }

  /** Forgets everything that has passed through. */
  reset(): void {
    this.#handle.reset()
  }

  /** Frees the memory. The handle cannot be used any more. */
  close(): void {
    this.#stream.close()
  }
}

/** How much of the output is wanted: all that there is room for, whole bytes of it, or up to the end of a block. */
export type Flush = (typeof Flush)[keyof typeof Flush]
/** The values of zlib. */
export const Flush = { none: 0, sync: 2, block: 5 } as const

/** Deflates and inflates a text. */
function trySync(): boolean {
  const kind = { windowBits: MAX_WINDOW_BITS, level: 6, memLevel: 8 }
  const deflate = ZlibHandle.openSync({ is: 'deflate', ...kind })
  const inflate = ZlibHandle.openSync({ is: 'inflate', ...kind })
  try {
    const text = Buffer.from('abcabcabc')
    const [deflated, inflated] = [Buffer.alloc(UNUSED_BYTES), Buffer.alloc(UNUSED_BYTES)]
    if (deflate?.run(Flush.sync, text, 0, deflated) !== true || deflate.consumedBytes !== text.length)
      return false
    const input = deflated.subarray(0, deflate.producedBytes)
    if (inflate?.run(Flush.sync, input, 0, inflated) !== true) return false
    return inflate.consumedBytes === input.length && inflated.subarray(0, inflate.producedBytes).equals(text)
  } catch {
    return false
  } finally {
    deflate?.close()
    inflate?.close()
  }
}

function makeDeflate({ windowBits, level, memLevel }: DeflateKind): zlib.DeflateRaw {
  return nodeZlib().createDeflateRaw({
    windowBits: zlibBits(windowBits),
    level,
    memLevel,
    chunkSize: UNUSED_BYTES,
  })
}

function makeInflate({ windowBits }: { readonly windowBits: number }): zlib.InflateRaw {
  return nodeZlib().createInflateRaw({ windowBits: zlibBits(windowBits), chunkSize: UNUSED_BYTES })
}

/** Returns Node's zlib. It is loaded at the first call, because many programs compress no messages. */
export function nodeZlib(): typeof zlib {
  // oxlint-disable-next-line no-restricted-globals -- an import, not the state of the process
  return process.getBuiltinModule('node:zlib')
}

/**
 * The window to ask zlib for. It refuses a window of 2 ** 8 bytes. With one of 2 ** 9 a compressor refers to
 * the last 250 bytes only (512 less its look-ahead of 262), which fit into 2 ** 8, so either side can use it.
 */
export function zlibBits(windowBits: number): number {
  return Math.max(windowBits, 9)
}

function hasParts(stream: unknown): stream is StreamParts {
  const { _handle: handle, _writeState: left } = stream as Partial<StreamParts>
  const has = typeof handle?.writeSync === 'function' && typeof handle.reset === 'function'
  return has && left instanceof Uint32Array && left.length >= 2
}

function ignore(): void {}

/** What Node's streams of zlib have, and do not document. */
interface StreamParts {
  readonly _handle: NodeHandle
  readonly _writeState: Uint32Array
}

interface NodeHandle {
  writeSync(
    flush: number,
    input: Uint8Array,
    inputStart: number,
    inputBytes: number,
    output: Uint8Array,
    outputStart: number,
    outputBytes: number,
  ): void
  reset(): void
}

const MAX_WINDOW_BITS = 15
/** The buffer that a stream allocates for its output, which is not used: the least that Node allows. */
const UNUSED_BYTES = 64
