import type { Reactor } from '../interfaces/reactor.ts'

/** What checks of any kind need to drive connections. */
export interface CheckHarness {
  /**
   * Lets the network and promises proceed until `condition` holds.
   *
   * @throws {Error} (rejects) when the condition does not hold in time.
   */
  readonly until: (condition: () => boolean) => Promise<void>
  /** Lets the network and promises proceed until nothing is left to do. */
  readonly quiet: () => Promise<void>
}

/** One check, which needs a harness `H` and some of the capabilities `C`. */
export interface Check<H, C> {
  /** A statement about behaviour. */
  readonly name: string
  /** The capabilities that the check needs; without all of them, `checksFor` leaves it out. Default none. */
  readonly needs?: readonly C[]
  /** @throws {CheckFailed} (rejects) when what is checked fails. */
  run(harness: H): Promise<void>
}

/** A transport, wire or UDP port failed a check. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed'
}

/** @throws {CheckFailed} unless both are the same value, or lists of the same values. */
export function equal<T>(actual: T, expected: T, what: string): void {
  if (Object.is(actual, expected)) return
  const [shown, wanted] = [show(actual), show(expected)]
  if (Array.isArray(actual) && shown === wanted) return
  throw new CheckFailed(`${what}: expected ${wanted}, got ${shown}`)
}

/** @throws {CheckFailed} unless `condition` holds. */
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new CheckFailed(what)
}

/** @throws {CheckFailed} unless `call` throws a `Kind`. */
export function throws(call: () => unknown, Kind: new (...args: never[]) => Error, what: string): void {
  try {
    call()
  } catch (error) {
    if (error instanceof Kind) return
    throw new CheckFailed(`${what}: expected a ${Kind.name}, got ${String(error)}`)
  }
  throw new CheckFailed(`${what}: expected a ${Kind.name}, nothing was thrown`)
}

/** @throws {CheckFailed} unless `value` is a `Kind`, and not one of its subclasses. */
export function isExactly(value: unknown, Kind: new (...args: never[]) => Error, what: string): void {
  const name = value instanceof Error ? value.constructor.name : String(value)
  if (name !== Kind.name) throw new CheckFailed(`${what}: expected ${Kind.name}, got ${name}`)
}

/** Shortens the text of a value to 200 characters, so that a failure is readable. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length < 200 ? text : `${text.slice(0, 200)}… (${text.length} characters)`
}

/** A promise that a check settles. */
export class Gate {
  /** Resolves at `open`, rejects at `fail`. */
  readonly opened: Promise<void>
  #resolve: () => void = () => undefined
  #reject: (error: unknown) => void = () => undefined

  constructor() {
    this.opened = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Resolves the promise. */
  open(): void {
    this.#resolve()
  }

  /** Rejects the promise. */
  fail(error: unknown): void {
    this.#reject(error)
  }
}

/** Whether a reactor has no open connection and no delayed call, such as a deadline of a lost connection. */
export function nothingLeft(reactor: Pick<Reactor, 'connections' | 'getDelayedCalls'>): boolean {
  return Array.from(reactor.connections).length === 0 && reactor.getDelayedCalls().length === 0
}

/** Returns a callback that throws `error`. */
export function throwing(error: Error): () => never {
  return () => {
    throw error
  }
}

/** Returns a callback that rejects with `fault`. */
export function rejecting(fault: Error): () => Promise<never> {
  return () => Promise.reject(fault)
}
