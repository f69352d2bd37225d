import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import type { Random } from '../random.ts'

/** The randomness and the clocks that code in a host sees. */
export interface SeededWorld {
  readonly random: Random
  /** Milliseconds since the host started. */
  readonly now: () => number
  /** Milliseconds since 1970 by the host's calendar. */
  readonly wallClock: () => number
}

/** Returns the world of the code that runs now; undefined when it is to get the real values. */
export type World = () => SeededWorld | undefined

/**
 * Makes `Math.random`, `Date`, `performance.now` and the random functions of `crypto` return the values of
 * the caller's world. They are replaced while at least one world is entered; code outside of all worlds gets
 * the real values.
 *
 * The globals and the module `node:crypto` are changed. A function that a program stored in a variable before
 * is not.
 */
export class SeededGlobals {
  readonly #worlds = new Set<World>()
  #putBack: (() => void)[] = []

  /**
   * Replaces the functions.
   *
   * @returns a function that leaves this world; the last one to leave restores them.
   */
  enter(world: World): () => void {
    if (this.#worlds.size === 0) this.#replace()
    this.#worlds.add(world)
    return () => {
      if (this.#worlds.delete(world) && this.#worlds.size === 0) this.#restore()
    }
  }

  #replace(): void {
    const find = (): SeededWorld | undefined => this.#find()
    this.#putBack = [...SEEDED.map((seeded) => replace(seeded, find)), replaceDate(find)]
    syncBuiltinESMExports()
  }

  #restore(): void {
    for (const putBack of this.#putBack) putBack()
    syncBuiltinESMExports()
  }

  #find(): SeededWorld | undefined {
    for (const world of this.#worlds) {
      const found = world()
      if (found !== undefined) return found
    }
    return undefined
  }
}

interface Seeded {
  readonly of: object
  readonly name: string
  readonly call: (world: SeededWorld, args: readonly unknown[]) => unknown
}

function replace({ of, name, call }: Seeded, world: World): () => void {
  const real: unknown = Reflect.get(of, name)
  const own = Object.getOwnPropertyDescriptor(of, name)
  if (typeof real !== 'function') return () => undefined
  const value = (...args: unknown[]): unknown => {
    const seen = world()
    return seen === undefined ? Reflect.apply(real, of, args) : call(seen, args)
  }
  Object.defineProperty(of, name, {
    value,
    configurable: true,
    writable: true,
    enumerable: own?.enumerable ?? false,
  })
  return () => {
    if (own === undefined) Reflect.deleteProperty(of, name)
    else Object.defineProperty(of, name, own)
  }
}

function replaceDate(world: World): () => void {
  const real = Date
  const now = (): number => world()?.wallClock() ?? real.now()
  globalThis.Date = new Proxy(real, {
    construct: (target, args: unknown[], newTarget: NewableFunction) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
    apply: () => new real(now()).toString(),
    get: (target, name): unknown => (name === 'now' ? now : Reflect.get(target, name)),
  })
  return () => {
    globalThis.Date = real
  }
}

/** The numeric arguments of `randomInt` are `max`, or `min` and `max`; the result is less than `max`. */
function randomInt({ random }: SeededWorld, args: readonly unknown[]): unknown {
  const [first = 0, second] = args.filter((arg) => typeof arg === 'number')
  const [least, end] = second === undefined ? [0, first] : [first, second]
  return called(random.between(least, end - 1), args)
}

function randomUUID({ random }: SeededWorld): string {
  const bytes = random.bytes(16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** `offset` and `size` count elements, as with `randomFillSync`. */
function fill({ random }: SeededWorld, [view, offset = 0, size]: readonly unknown[]): unknown {
  if (!ArrayBuffer.isView(view))
    throw new TypeError('Cannot fill the argument: it must be a TypedArray or a DataView')
  const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength)
  const each = 'BYTES_PER_ELEMENT' in view ? Number(view.BYTES_PER_ELEMENT) : 1
  const from = Number(offset) * each
  const part = bytes.subarray(from, size === undefined ? undefined : from + Number(size) * each)
  part.set(random.bytes(part.length))
  return view
}

/** Returns `result`, or passes it in a microtask to the callback that is the last argument. */
function called(result: unknown, args: readonly unknown[]): unknown {
  const callback = args.at(-1)
  if (typeof callback !== 'function') return result
  queueMicrotask(() => void Reflect.apply(callback, undefined, [null, result]))
  return undefined
}

const SEEDED: readonly Seeded[] = [
  { of: Math, name: 'random', call: ({ random }) => random.unit() },
  { of: performance, name: 'now', call: ({ now }) => now() },
  {
    of: crypto,
    name: 'randomBytes',
    call: ({ random }, args) => called(random.bytes(Number(args[0])), args),
  },
  { of: crypto, name: 'randomInt', call: randomInt },
  { of: crypto, name: 'randomUUID', call: randomUUID },
  { of: crypto, name: 'randomFillSync', call: fill },
  { of: globalThis.crypto, name: 'randomUUID', call: randomUUID },
  { of: globalThis.crypto, name: 'getRandomValues', call: (world, [view]) => fill(world, [view]) },
]
