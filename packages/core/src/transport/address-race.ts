import type { DelayedCall, ReactorTime } from '../interfaces/reactor.ts'

/** How one attempt went: one of the two, once. */
export interface AttemptEvents<T> {
  readonly up: (connection: T) => void
  readonly failed: (why: Error) => void
}

/** How addresses are tried. */
export interface RaceSetup<T> {
  readonly time: ReactorTime
  /** How long an attempt may take until the next address is tried beside it, in milliseconds. */
  readonly attemptDelayMs: number
  /** Begins to connect to a numeric host. What it throws is the failure of that attempt. */
  readonly attempt: (host: string, events: AttemptEvents<T>) => { cancel(): void }
}

/** How a race ends: one of the two, once; nothing of the other attempts is left by then. */
export interface RaceEvents<T> {
  won(connection: T): void
  /** Why each address failed, in the order in which they did. */
  lost(errors: readonly Error[]): void
}

/**
 * Connects to several addresses beside each other, and keeps the first connection that is up (RFC 8305 §5).
 *
 * The next address is tried when the one before has failed, or has taken longer than `attemptDelayMs`; each may go on until
 * the race ends.
 */
export class AddressRace<T> {
  readonly #setup: RaceSetup<T>
  readonly #events: RaceEvents<T>
  readonly #running = new Set<{ cancel(): void }>()
  readonly #failures: Error[] = []
  #left: string[]
  #next: DelayedCall | undefined
  #over = false

  /** Tries `hosts`, at least one, in this order; begins with `begin`. */
  constructor(setup: RaceSetup<T>, hosts: readonly string[], events: RaceEvents<T>) {
    this.#setup = setup
    this.#left = [...hosts]
    this.#events = events
  }

  /** Tries the first address. */
  begin(): void {
    this.#tryNext()
  }

  /** Gives all attempts up; nothing more is notified. */
  cancel(): void {
    this.#over = true
    this.#left = []
    if (this.#next?.active()) this.#next.cancel()
    const running = Array.from(this.#running)
    this.#running.clear()
    for (const attempt of running) attempt.cancel()
  }

  #tryNext(): void {
    if (this.#next?.active()) this.#next.cancel()
    const host = this.#left.shift()
    if (host === undefined) return
    const { time, attemptDelayMs } = this.#setup
    // Armed first: what fails within its own attempt moves on at once.
    if (this.#left.length > 0) this.#next = time.callLater(attemptDelayMs, () => this.#tryNext())
    this.#try(host)
  }

  #try(host: string): void {
    const entrant: { attempt: { cancel(): void } | undefined; done: boolean } = {
      attempt: undefined,
      done: false,
    }
    const settled = (call: () => void): void => {
      if (entrant.done || this.#over) return
      entrant.done = true
      if (entrant.attempt !== undefined) this.#running.delete(entrant.attempt)
      call()
    }
    try {
      const attempt = this.#setup.attempt(host, {
        up: (connection) => settled(() => this.#win(connection)),
        failed: (why) => settled(() => this.#failed(why)),
      })
      entrant.attempt = attempt
      if (!entrant.done && !this.#over) this.#running.add(attempt)
    } catch (error) {
      settled(() => this.#failed(error instanceof Error ? error : new Error(String(error))))
    }
  }

  #win(connection: T): void {
    this.cancel()
    this.#events.won(connection)
  }

  #failed(why: Error): void {
    this.#failures.push(why)
    if (this.#left.length > 0) return this.#tryNext()
    if (this.#running.size > 0) return
    this.cancel()
    this.#events.lost(this.#failures)
  }
}

/** How long an attempt may take until the next address is tried beside it. */
export const DEFAULT_ATTEMPT_DELAY_MS = 250
