import type { DeflateOptions } from './deflate-options.ts'
import { type DeflateKind, ZlibHandle } from './zlib-handle.ts'

/**
 * The compressors of all WebSockets with the same options. Each takes about 100 KiB, so at most `maxDeflaters`
 * are kept. Beyond it a WebSocket gets the one that was not used for the longest time, emptied: a compressor
 * that has forgotten everything is always right, it only makes the next message larger.
 */
export class DeflaterPool {
  readonly #options: DeflateOptions
  /** By user, the one not used for the longest time first. */
  readonly #kept = new Map<object, ZlibHandle>()
  /** In use by a message in slices: not taken away. */
  readonly #pinned = new Set<object>()
  #newest: object | undefined
  #spare: ZlibHandle | undefined

  constructor(options: DeflateOptions) {
    this.#options = options
  }

  /** How many are open, for tests. */
  get size(): number {
    return this.#kept.size + (this.#spare === undefined ? 0 : 1)
  }

  /** Returns the compressor of `user`: the one that it used before, or an empty one. */
  handleOf(user: object, windowBits: number): ZlibHandle {
    const kept = this.#kept.get(user)
    if (kept !== undefined && this.#newest === user) return kept
    if (kept !== undefined) this.#kept.delete(user)
    const handle = kept ?? this.#emptied(windowBits)
    this.#kept.set(user, handle)
    this.#newest = user
    return handle
  }

  /** Keeps the compressor of `user` from being taken away until `unpin`. */
  pin(user: object): void {
    this.#pinned.add(user)
  }

  /** Allows it again. */
  unpin(user: object): void {
    this.#pinned.delete(user)
  }

  /** Takes the compressor of `user` back, which has nothing to refer to any more. */
  giveBack(user: object): void {
    const handle = this.#remove(user)
    if (handle === undefined) return
    if (this.#spare !== undefined) return handle.close()
    handle.reset()
    this.#spare = handle
  }

  /** Closes the compressor of `user`. */
  close(user: object): void {
    this.#remove(user)?.close()
  }

  #remove(user: object): ZlibHandle | undefined {
    const handle = this.#kept.get(user)
    if (handle === undefined) return undefined
    this.#kept.delete(user)
    this.#pinned.delete(user)
    if (this.#newest === user) this.#newest = undefined
    return handle
  }

  #emptied(windowBits: number): ZlibHandle {
    let handle = this.#spare
    this.#spare = undefined
    if (handle === undefined && this.#kept.size >= this.#options.maxDeflaters) {
      handle = this.#oldest()
      handle?.reset()
    }
    if (handle?.kind.windowBits === windowBits) return handle
    handle?.close()
    return this.#open(windowBits)
  }

  /** Takes away the compressor that was not used for the longest time, of those that are not in use now. */
  #oldest(): ZlibHandle | undefined {
    for (const user of this.#kept.keys()) if (!this.#pinned.has(user)) return this.#remove(user)
    return undefined
  }

  #open(windowBits: number): ZlibHandle {
    const { level, memLevel } = this.#options
    const kind: DeflateKind = { is: 'deflate', windowBits, level, memLevel }
    const handle = ZlibHandle.openSync(kind)
    if (handle === undefined) throw new Error('Cannot deflate: this version of Node has another zlib')
    return handle
  }
}
