import { AsyncResource } from 'node:async_hooks'
import { callable, checkValue } from '@ropewalk/core/options'
import type { DelayedCall } from '@ropewalk/core'
import { type Schedule, ScheduledCall } from '@ropewalk/core/reactor'
import type { EventQueue, TimelineEvent } from './event-queue.ts'

/** Runs what belongs to a host, now or, while the host is paused, later. */
export type Execute = (call: () => unknown) => void

/**
 * Time as one host sees it: it begins when the host starts, may run faster or slower than the
 * simulation's, and its calendar may jump.
 */
export class HostClock implements Schedule {
  readonly #events: EventQueue
  readonly #execute: Execute
  readonly #armed = new Map<ScheduledCall, TimelineEvent>()
  #rate = 1
  #stopped = false
  /** Where the two clocks were at the same time. */
  #anchor: { readonly virtualMs: number; readonly hostMs: number }
  #calendarMs = CALENDAR_START_MS

  constructor(events: EventQueue, execute: Execute) {
    this.#events = events
    this.#execute = execute
    this.#anchor = { virtualMs: events.nowMs, hostMs: 0 }
    this.#calendarMs += events.nowMs
  }

  /** Milliseconds since the host started. */
  now(): number {
    const { virtualMs, hostMs } = this.#anchor
    if (this.#stopped) return hostMs
    return hostMs + (this.#events.nowMs - virtualMs) * this.#rate
  }

  /** The host's calendar: 2026-01-01T00:00:00Z at the beginning of the simulation, unless it was made to jump. */
  wallClock(): number {
    return this.#calendarMs + this.now()
  }

  callLater<A extends unknown[]>(delayMs: number, call: (...args: A) => unknown, ...args: A): DelayedCall {
    checkValue('callLater', 'call', call, callable)
    return new ScheduledCall(
      this,
      delayMs,
      AsyncResource.bind(() => call(...args)),
    )
  }

  getDelayedCalls(): DelayedCall[] {
    return [...this.#armed.keys()]
  }

  /** Runs `rate` times as fast from now on. */
  setRate(rate: number): void {
    this.#anchorNow()
    this.#rate = rate
    this.#rearm()
  }

  /** Stands still until `goOn`. */
  stop(): void {
    this.#anchorNow()
    this.#stopped = true
    for (const event of this.#armed.values()) event.cancel()
  }

  /** Goes on where it was. */
  goOn(): void {
    this.#anchorNow()
    this.#stopped = false
    this.#rearm()
  }

  /** Sets the calendar forward, or back. The clock itself never jumps. */
  jump(ms: number): void {
    this.#calendarMs += ms
  }

  /** Forgets every call. */
  clear(): void {
    for (const event of this.#armed.values()) event.cancel()
    this.#armed.clear()
  }

  arm(call: ScheduledCall): void {
    this.disarm(call)
    const { virtualMs, hostMs } = this.#anchor
    const dueMs = this.#stopped
      ? Infinity
      : this.#soonest(call, virtualMs + (call.getTime() - hostMs) / this.#rate)
    this.#armed.set(
      call,
      this.#events.at(dueMs, () => this.#execute(() => this.#run(call))),
    )
  }

  /** What is still to come takes some time, as on any clock, however small its delay: or time would never reach it. */
  #soonest(call: ScheduledCall, dueMs: number): number {
    return call.getTime() > this.now() ? Math.max(dueMs, this.#events.nowMs + TICK_MS) : dueMs
  }

  disarm(call: ScheduledCall): void {
    this.#armed.get(call)?.cancel()
    this.#armed.delete(call)
  }

  #anchorNow(): void {
    this.#anchor = { virtualMs: this.#events.nowMs, hostMs: this.now() }
  }

  #rearm(): void {
    for (const call of Array.from(this.#armed.keys())) this.arm(call)
  }

  /** Between its time and now, the host may have been paused, and the call cancelled. */
  #run(call: ScheduledCall): void {
    if (!this.#armed.delete(call)) return
    call.run()
  }
}

const CALENDAR_START_MS = 1_767_225_600_000
const TICK_MS = 0.001
