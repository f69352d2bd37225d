import type { EventQueue, TimelineEvent } from './event-queue.ts'

/** A timer of a machine. */
export interface MachineTimer {
  cancel(): void
}

/** The timers of a machine's operating system. They stop while the machine is frozen, and end with its power. */
export class MachineTime {
  readonly #events: EventQueue
  readonly #timers = new Set<Timer>()
  #frozenSinceMs: number | undefined
  #frozenMs = 0

  constructor(events: EventQueue) {
    this.#events = events
  }

  /** Virtual milliseconds since the simulation began, without those during which the machine was frozen. */
  now(): number {
    return (this.#frozenSinceMs ?? this.#events.nowMs) - this.#frozenMs
  }

  /** Calls `call` in `delayMs` milliseconds of this machine. */
  after(delayMs: number, call: () => void): MachineTimer {
    const timer = new Timer(this.now() + delayMs, call)
    this.#timers.add(timer)
    if (this.#frozenSinceMs === undefined) this.#arm(timer)
    return { cancel: () => this.#drop(timer) }
  }

  /** Stops all timers, and the time of the machine. */
  freeze(): void {
    if (this.#frozenSinceMs !== undefined) return
    this.#frozenSinceMs = this.#events.nowMs
    for (const timer of this.#timers) timer.event?.cancel()
  }

  /** Continues from the time at which they stopped. */
  thaw(): void {
    if (this.#frozenSinceMs === undefined) return
    this.#frozenMs += this.#events.nowMs - this.#frozenSinceMs
    this.#frozenSinceMs = undefined
    for (const timer of this.#timers) this.#arm(timer)
  }

  /** Drops all timers: the machine has lost its power. */
  end(): void {
    for (const timer of this.#timers) timer.event?.cancel()
    this.#timers.clear()
  }

  #arm(timer: Timer): void {
    timer.event = this.#events.after(Math.max(0, timer.dueMs - this.now()), () => {
      this.#timers.delete(timer)
      timer.call()
    })
  }

  #drop(timer: Timer): void {
    timer.event?.cancel()
    this.#timers.delete(timer)
  }
}

class Timer {
  readonly dueMs: number
  readonly call: () => void
  event: TimelineEvent | undefined

  constructor(dueMs: number, call: () => void) {
    this.dueMs = dueMs
    this.call = call
  }
}
