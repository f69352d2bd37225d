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
  #triesLeft = MOST_TRIES

  /** @param collector Called at the first collections, until it has a result. Without one nothing is collected. */
  constructor(collector: () => (() => void) | undefined = youngCollector) {
    this.#collector = collector
  }

  /** Counts bytes that a socket has read and that have been delivered. */
  count(bytes: number): void {
    this.#leftBytes -= bytes
    if (this.#leftBytes > 0) return
    this.#leftBytes = EVERY_BYTES
    if (this.#collect === undefined && this.#triesLeft-- > 0) this.#collect = this.#collector()
    this.#collect?.()
  }
}

/**
 * Returns a function that collects the young generation; undefined where V8 does not offer it, or when another
 * thread took the flag back meanwhile.
 *
 * V8 defines `gc` in new contexts only, while a flag is set. The flag is set for the time of this call.
 */
export function youngCollector(): (() => void) | undefined {
  if (hasFrozenFlags()) return undefined
  const { setFlagsFromString } = process.getBuiltinModule('node:v8')
  const isExposed = typeof globalThis.gc === 'function'
  try {
    if (!isExposed) setFlagsFromString('--expose-gc')
    const gc: unknown = process
      .getBuiltinModule('node:vm')
      .runInNewContext('typeof gc === "function" ? gc : undefined')
    return typeof gc === 'function' ? () => gc({ type: 'minor' }) : undefined
  } catch {
    return undefined
  } finally {
    if (!isExposed) setFlagsFromString('--no-expose-gc')
  }
}

/** Whether V8 ends the process when a flag is set: with this flag, and in programs that embed Node and set it. */
function hasFrozenFlags(): boolean {
  const { execArgv, env, versions } = process
  const given = [...execArgv, env['NODE_OPTIONS'] ?? ''].join(' ')
  return FREEZES.test(given) || EMBEDDERS.some((name) => name in versions)
}

/** Half of the bytes after which V8 marks the heap, whatever its size. */
const EVERY_BYTES = 8 * 1024 * 1024
/** Threads set and take back the same flag: a few tries are enough. */
const MOST_TRIES = 10
const FREEZES = /(?:^|\s)--freeze[-_]flags[-_]after[-_]init(?:\s|$)/
const EMBEDDERS = ['electron', 'nw']
