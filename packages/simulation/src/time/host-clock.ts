import { AsyncResource } from 'node:async_hooks'
import { callable, checkValue } from '@ropewalk/core/options'
import type { DelayedCall } from '@ropewalk/core/time'
import { type Schedule, ScheduledCall } from '@ropewalk/core/reactor'
import type { EventQueue, TimelineEvent } from './event-queue.ts'

/** Runs a callback of a host: now, or after a pause if the host is paused. */
export type Execute = (call: () => unknown) => void

/**
 * The clock of one host. It starts at 0 when the host starts and may run faster or slower than virtual time;
 * the host's calendar may jump.
 */
export class HostClock implements Schedule {
  readonly #events: EventQueue
  readonly #execute: Execute
  readonly #late: (dueMs: number) => number
  /** Its lane in the queue of events. */
  readonly lane: number
  readonly #armed = new Map<ScheduledCall, TimelineEvent>()
  readonly #background = new WeakSet<DelayedCall>()
  #rate = 1
  #stopped = false
  /** The readings of both clocks at the last change of rate, stop or start. */
  #anchor: { readonly virtualMs: number; readonly hostMs: number }
  #calendarMs = CALENDAR_START_MS

  /** @param late Returns when a call is made that is due at a virtual time. Default: at that time. */
  constructor(events: EventQueue, execute: Execute, late: (dueMs: number) => number = punctual) {
    this.lane = events.newLane()
    this.#late = late
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

  /** The host's calendar, in milliseconds since 1970. A simulation begins at 2026-01-01T00:00:00Z. */
  wallClock(): number {
    return this.#calendarMs + this.now()
  }

  callLater<A extends unknown[]>(delayMs: number, call: (...args: A) => unknown, ...args: A): DelayedCall {
    checkValue('callLater', 'call', call, callable)
    // AsyncResource.bind would make a deprecated property of the function each time.
    const resource = new AsyncResource('DelayedCall')
    return new ScheduledCall(this, delayMs, () => resource.runInAsyncScope(call, undefined, ...args))
  }

  getDelayedCalls(): DelayedCall[] {
    return [...this.#armed.keys()]
  }

  /** Sets whether a run that waits for the end of all work does not wait for this delayed call. */
  setBackground(call: DelayedCall, isBackground: boolean): void {
    if (isBackground) this.#background.add(call)
    else this.#background.delete(call)
    const event = this.#armed.get(call as ScheduledCall)
    if (event !== undefined) event.isBackground = isBackground
  }

  /** From now on, the clock runs `rate` times as fast as virtual time. */
  setRate(rate: number): void {
    this.#anchorNow()
    this.#rate = rate
    this.#rearm()
  }

  /** Stops the clock until `goOn`. */
  stop(): void {
    this.#anchorNow()
    this.#stopped = true
    for (const event of this.#armed.values()) event.cancel()
  }

  /** Continues from the time at which the clock stopped. */
  goOn(): void {
    this.#anchorNow()
    this.#stopped = false
    this.#rearm()
  }

  /** Moves the calendar forward, or back if `ms` is negative. `now()` does not change. */
  jump(ms: number): void {
    this.#calendarMs += ms
  }

  /** Cancels every delayed call. */
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
    const event = this.#events.at(this.#late(dueMs), () => this.#execute(() => this.#run(call)), this.lane)
    event.isBackground = this.#background.has(call)
    this.#armed.set(call, event)
  }

  /**
   * A call in the future gets at least one tick. Otherwise a delay below the precision of the clock could be
   * due at the same time again and again, and time would not pass.
   */
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

  /** The host may have been paused when the call was due, and the call cancelled meanwhile. */
  #run(call: ScheduledCall): void {
    if (!this.#armed.delete(call)) return
    call.run()
  }
}

function punctual(dueMs: number): number {
  return dueMs
}

const CALENDAR_START_MS = 1_767_225_600_000
const TICK_MS = 0.001
