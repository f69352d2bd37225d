import { AsyncResource } from 'node:async_hooks'
import { checkValue } from '../options/check-options.ts'
import { callable } from '../options/option-rules.ts'
import type { DelayedCall, ReactorTime } from '../interfaces/reactor.ts'
import { DeadlineWheel } from '../time/deadline.ts'
import { type Schedule, ScheduledCall } from '../time/timers.ts'

/**
 * A clock that moves only when a test advances it.
 *
 * Unlike Twisted's Clock, it stops at the time of each call: a call due after 1 s sees 1 s, however far `advance` goes.
 */
export class Clock implements ReactorTime, Schedule {
  readonly deadlines: DeadlineWheel = new DeadlineWheel(this)
  #nowMs = 0
  #calls: ScheduledCall[] = []

  now(): number {
    return this.#nowMs
  }

  /** Begins at 2026-01-01T00:00:00Z and moves with `now`. */
  wallClock(): number {
    return WALL_CLOCK_START_MS + this.#nowMs
  }

  callLater<A extends unknown[]>(delayMs: number, call: (...args: A) => unknown, ...args: A): DelayedCall {
    checkValue('callLater', 'call', call, callable)
    // As with real timers, a call runs in the async context in which it was scheduled.
    return new ScheduledCall(
      this,
      delayMs,
      AsyncResource.bind(() => call(...args)),
    )
  }

  getDelayedCalls(): DelayedCall[] {
    return [...this.#calls]
  }

  /**
   * Moves time by `ms` and makes the calls that become due, each at its own time. An error that a call
   * throws is thrown to the caller.
   *
   * @throws {Error} after 100 000 calls at the same time, as when each schedules another without delay.
   */
  advance(ms: number): void {
    const end = this.#nowMs + ms
    let callsNow = 0
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      const stands = next.getTime() <= this.#nowMs
      callsNow = stands ? callsNow + 1 : 0
      if (callsNow > MAX_CALLS_NOW)
        throw new Error(`Cannot advance: time is still ${this.#nowMs} ms after ${MAX_CALLS_NOW} calls`)
      if (!stands) this.#nowMs = next.getTime()
      this.disarm(next)
      next.run()
    }
    this.#nowMs = end
  }

  arm(call: ScheduledCall): void {
    // Added after the calls of the same time, so that calls run in the order in which they were scheduled.
    this.disarm(call)
    this.#calls.push(call)
  }

  disarm(call: ScheduledCall): void {
    this.#calls = this.#calls.filter((other) => other !== call)
  }

  #next(endMs: number): ScheduledCall | undefined {
    let next: ScheduledCall | undefined
    for (const call of this.#calls) {
      if (call.getTime() <= endMs && (next === undefined || call.getTime() < next.getTime())) next = call
    }
    return next
  }
}

const MAX_CALLS_NOW = 100_000
const WALL_CLOCK_START_MS = 1_767_225_600_000
