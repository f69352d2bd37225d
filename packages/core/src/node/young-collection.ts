/**
 * Collects the young generation of V8's heap after every 8 MiB that sockets have taken.
 *
 * Each read is a block outside of the heap, which only a collection frees. V8 collects the young generation
 * when it is full of objects, and large reads make few objects; but after 16 MiB of such blocks it marks the
 * whole heap, which takes twenty times as long. See docs/decisions/0018.
 */
export class YoungCollection {
  readonly #collector: () => (() => void) | undefined
  #collect: (() => void) | undefined
  #leftBytes = EVERY_BYTES
  #tried = false

  /** @param collector Called once, at the first collection. Without its result nothing is collected. */
  constructor(collector: () => (() => void) | undefined = youngCollector) {
    this.#collector = collector
  }

  /** Counts bytes that a socket has read and that have been delivered. */
  count(bytes: number): void {
    this.#leftBytes -= bytes
    if (this.#leftBytes > 0) return
    this.#leftBytes = EVERY_BYTES
    if (!this.#tried) {
      this.#tried = true
      this.#collect = this.#collector()
    }
    this.#collect?.()
  }
}

/**
 * Returns a function that collects the young generation; undefined where V8 does not offer it.
 *
 * V8 defines `gc` in new contexts only, while a flag is set. The flag is set for the time of this call.
 */
export function youngCollector(): (() => void) | undefined {
  try {
    const { setFlagsFromString } = process.getBuiltinModule('node:v8')
    const { runInNewContext } = process.getBuiltinModule('node:vm')
    const isExposed = typeof globalThis.gc === 'function'
    if (!isExposed) setFlagsFromString('--expose-gc')
    const gc: unknown = runInNewContext('gc')
    if (!isExposed) setFlagsFromString('--no-expose-gc')
    return typeof gc === 'function' ? () => gc({ type: 'minor' }) : undefined
  } catch {
    return undefined
  }
}

/** Half of the bytes after which V8 marks the heap, whatever its size. */
const EVERY_BYTES = 8 * 1024 * 1024
