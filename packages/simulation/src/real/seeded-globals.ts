import { syncBuiltinESMExports } from 'node:module'
import {
  type SeededFunction,
  SEEDED_FUNCTIONS,
  SEEDED_GETTERS,
  type SeededWorld,
} from './seeded-functions.ts'

/** Returns the world of the code that runs now; undefined when it is to get the real values. */
export type World = () => SeededWorld | undefined

/**
 * Makes `Math.random`, `Date`, `performance.now`, `process.hrtime`, the random functions of `crypto` and some
 * others return the values of the caller's world. They are replaced while at least one world is entered; code outside of all worlds gets
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
    this.#putBack = [
      ...SEEDED_FUNCTIONS.map((seeded) => replace(seeded, find)),
      ...SEEDED_GETTERS.map((seeded) => replaceGetter(seeded, find)),
      replaceDate(find),
    ]
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

function replace({ of, name, call }: SeededFunction, world: World): () => void {
  const found: unknown = Reflect.get(of, name)
  const own = Object.getOwnPropertyDescriptor(of, name)
  if (typeof found !== 'function') return () => undefined
  const real = found as (...args: readonly unknown[]) => unknown
  // A method of many objects, such as that of a prototype, gets its object.
  function value(this: unknown, ...args: unknown[]): unknown {
    const seen = world()
    const asReal = (given: readonly unknown[]): unknown => Reflect.apply(real, this ?? of, given)
    return seen === undefined ? asReal(args) : call(seen, args, asReal)
  }
  Object.defineProperty(of, name, {
    // Functions such as process.hrtime have functions of their own.
    value: Object.assign(value, real),
    configurable: true,
    writable: true,
    enumerable: own?.enumerable ?? false,
  })
  return () => {
    if (own === undefined) Reflect.deleteProperty(of, name)
    else Object.defineProperty(of, name, own)
  }
}

function replaceGetter({ of, name, call }: SeededFunction, world: World): () => void {
  const own = Object.getOwnPropertyDescriptor(of, name)
  if (own?.get === undefined) return () => undefined
  const real = Reflect.get(own, 'get') as () => unknown
  Object.defineProperty(of, name, {
    ...own,
    get(this: object): unknown {
      const seen = world()
      const asReal = (): unknown => Reflect.apply(real, this, [])
      return seen === undefined ? asReal() : call(seen, [this], asReal)
    },
  })
  return () => void Object.defineProperty(of, name, own)
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
  // `date.constructor` is the replaced one too.
  Object.defineProperty(real.prototype, 'constructor', {
    value: globalThis.Date,
    configurable: true,
    writable: true,
  })
  return () => {
    globalThis.Date = real
    Object.defineProperty(real.prototype, 'constructor', { value: real, configurable: true, writable: true })
  }
}
