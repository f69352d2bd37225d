import type { LogObserver } from '../interfaces/log.ts'
import { checkValue } from '../options/check-options.ts'
import { callable } from '../options/option-rules.ts'
import type { DelayedCall, ReactorTime } from '../interfaces/reactor.ts'
import { type Schedule, ScheduledCall } from '../time/timers.ts'
import { DeadlineWheel } from '../time/deadline.ts'
import { callSafely } from '../safely.ts'

/** Node's time: a monotonic clock, and one timer for each pending call. */
export class NodeTime implements ReactorTime, Schedule {
  readonly #log: LogObserver
  readonly deadlines: DeadlineWheel = new DeadlineWheel(this)
  readonly #timers = new Map<ScheduledCall, Timer>()

  constructor(log: LogObserver) {
    this.#log = log
  }

  now(): number {
    return performance.now()
  }

  wallClock(): number {
    return Date.now()
  }

  callLater<A extends unknown[]>(delayMs: number, call: (...args: A) => unknown, ...args: A): DelayedCall {
    checkValue('callLater', 'call', call, callable)
    return new ScheduledCall(this, delayMs, () => call(...args))
  }

  getDelayedCalls(): DelayedCall[] {
    return [...this.#timers.keys()]
  }

  arm(call: ScheduledCall): void {
    const timer = this.#timers.get(call)
    // A call that moves later keeps its timer, which fires early and is then armed again. Otherwise a
    // deadline that moves with every byte would need a new timer each time.
    if (timer !== undefined && timer.firesAt <= call.getTime()) return
    if (timer !== undefined) clear(timer)
    this.#timers.set(call, this.#start(call))
  }

  disarm(call: ScheduledCall): void {
    const timer = this.#timers.get(call)
    if (timer === undefined) return
    clear(timer)
    this.#timers.delete(call)
  }

  /** Cancels every pending call. */
  cancelAll(): void {
    for (const call of this.#timers.keys()) call.cancel()
  }

  #start(call: ScheduledCall): Timer {
    const delayMs = call.getTime() - this.now()
    if (delayMs <= 0)
      return { kind: 'immediate', firesAt: -Infinity, id: setImmediate(() => this.#fire(call)) }
    const id = setTimeout(() => this.#fire(call), Math.min(Math.ceil(delayMs), MAX_TIMEOUT_MS))
    return { kind: 'timeout', firesAt: Math.min(call.getTime(), this.now() + MAX_TIMEOUT_MS), id }
  }

  #fire(call: ScheduledCall): void {
    this.#timers.delete(call)
    if (call.getTime() > this.now() + EARLY_MS) return this.arm(call)
    void callSafely(
      () => call.run(),
      (error) => this.#log({ level: 'error', text: 'A delayed call failed', error }),
    )
  }
}

type Timer =
  | { readonly kind: 'timeout'; readonly firesAt: number; readonly id: NodeJS.Timeout }
  | { readonly kind: 'immediate'; readonly firesAt: number; readonly id: NodeJS.Immediate }

function clear(timer: Timer): void {
  if (timer.kind === 'timeout') clearTimeout(timer.id)
  else clearImmediate(timer.id)
}

/** The longest delay of setTimeout; a timer with a longer one fires at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1
/** Node's timers may fire up to this many milliseconds early. */
const EARLY_MS = 1
