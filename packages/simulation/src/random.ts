/**
 * A pseudo-random generator whose numbers follow from the seed alone, on every machine and version of Node.
 *
 * It is not secure: do not use it for secrets.
 *
 * @example
 * ```ts
 * import { Random } from '@ropewalk/simulation'
 *
 * console.log(new Random('seed').unit() === new Random('seed').unit())
 * ```
 *
 * ```text
 * true
 * ```
 */
export class Random {
  readonly seed: string
  readonly #state: Uint32Array

  constructor(seed: string) {
    this.seed = seed
    this.#state = stateOf(seed)
    // The first numbers of similar seeds are similar.
    for (let round = 0; round < 12; round++) this.#next()
  }

  /** Makes a generator from this one's seed and `name`, independent of how many numbers this one has given. */
  fork(name: string): Random {
    return new Random(`${this.seed}/${name}`)
  }

  /** Returns a number from 0 (included) to 1 (excluded). */
  unit(): number {
    return this.#next() / 2 ** 32
  }

  /** Returns an integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.unit() * (most - least + 1))
  }

  /** Returns true with this probability. */
  chance(probability: number): boolean {
    return this.unit() < probability
  }

  /** Returns one of `items`; undefined when the list is empty. */
  pick<T>(items: readonly T[]): T | undefined {
    return items[this.between(0, items.length - 1)]
  }

  /** Returns `count` random bytes. */
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

/** The state for a seed: three words by FNV-1a with different bases, and the counter of sfc32. */
function stateOf(seed: string): Uint32Array {
  const words = Uint32Array.of(0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 1)
  for (const byte of Buffer.from(seed)) {
    for (let at = 0; at < 3; at++) words[at] = Math.imul((words[at] ?? 0) ^ (byte + at), 0x01000193) >>> 0
  }
  return words
}
