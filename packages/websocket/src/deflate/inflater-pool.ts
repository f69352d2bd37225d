import { ZlibHandle } from './zlib-handle.ts'

/** Lends inflating handles to peers that do not refer to earlier messages: one for each message in work. */
export class InflaterPool {
  readonly #spare: ZlibHandle[] = []

  /** Opens a handle that the caller keeps, and closes. */
  open(windowBits: number): ZlibHandle {
    const handle = ZlibHandle.openSync({ is: 'inflate', windowBits })
    if (handle === undefined) throw new Error('Cannot inflate: this version of Node has another zlib')
    return handle
  }

  /** Lends a handle, which the caller gives back or closes. */
  take(): ZlibHandle {
    return this.#spare.pop() ?? this.open(MAX_WINDOW_BITS)
  }

  /** Takes a handle back. */
  giveBack(handle: ZlibHandle): void {
    if (this.#spare.length >= MOST_SPARE) return handle.close()
    handle.reset()
    this.#spare.push(handle)
  }
}

const MAX_WINDOW_BITS = 15
const MOST_SPARE = 2
