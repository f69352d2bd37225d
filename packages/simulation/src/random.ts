/**
 * Numbers that look random and follow from a seed alone: the same on every machine and version of Node.
 *
 * Not for secrets.
 */
export class Random {
  readonly seed: string
  readonly #state: Uint32Array

  constructor(seed: string) {
    this.seed = seed
    this.#state = stateOf(seed)
    // The first numbers still look like the seed.
    for (let round = 0; round < 12; round++) this.#next()
  }

  /** Another source whose numbers follow from this one's seed and `name`, however many this one has given. */
  fork(name: string): Random {
    return new Random(`${this.seed}/${name}`)
  }

  /** From 0 up to but not 1. */
  unit(): number {
    return this.#next() / 2 ** 32
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.unit() * (most - least + 1))
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.unit() < probability
  }

  /** One of `items`; undefined when there are none. */
  pick<T>(items: readonly T[]): T | undefined {
    return items[this.between(0, items.length - 1)]
  }

  /** Bytes. */
  bytes(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count)
    for (let at = 0; at < count; at++) bytes[at] = this.#next() >>> 24
    return bytes
  }

  /** Chris Doty-Humphrey's sfc32. */
  #next(): number {
    const state = this.#state
    const [a = 0, b = 0, c = 0, counter = 0] = state
    const sum = (a + b + counter) >>> 0
    state[0] = b ^ (b >>> 9)
    state[1] = (c + (c << 3)) >>> 0
    state[2] = (((c << 21) | (c >>> 11)) + sum) >>> 0
    state[3] = (counter + 1) >>> 0
    return sum
  }
}

/** Four words of a text, by FNV-1a with four bases. */
function stateOf(seed: string): Uint32Array {
  const words = Uint32Array.of(0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 1)
  for (const byte of Buffer.from(seed)) {
    for (let at = 0; at < 3; at++) words[at] = Math.imul((words[at] ?? 0) ^ (byte + at), 0x01000193) >>> 0
  }
  return words
}
