import type { DeadlineKeeper, DelayedCall, KeptDeadline, ReactorTime } from '../interfaces/reactor.ts'

/**
 * A deadline by which the peer must make progress.
 *
 * To set, postpone or clear a deadline is cheap, even with very many of them. A deadline expires up to 100 ms
 * late, never early. Time during which the event loop was blocked does not count, because it is not the
 * peer's fault.
 */
export class Deadline implements KeptDeadline {
  readonly #keeper: DeadlineKeeper
  readonly #expired: () => void
  #dueMs = NEVER

  /**
   * @param time The reactor.
   * @param expired Called when the deadline expires. It may set the deadline again.
   */
  constructor(time: { readonly deadlines: DeadlineKeeper }, expired: () => void) {
    this.#keeper = time.deadlines
    this.#expired = expired
  }

  /** When it is due, in milliseconds on the clock of its keeper; Infinity when it is not set. */
  get dueMs(): number {
    return this.#dueMs
  }

  /** Whether it is set and has not expired. */
  get ahead(): boolean {
    return this.#dueMs !== NEVER
  }

  /**
   * Sets the deadline to `delayMs` milliseconds from now. This replaces an earlier setting.
   *
   * @throws {TypeError} when `delayMs` is not a number.
   * @throws {RangeError} when it is negative or NaN.
   */
  set(delayMs: number): void {
    if (typeof delayMs !== 'number') {
      throw new TypeError(`Cannot take delayMs ${String(delayMs)} for a deadline: give ${WANTED}`)
    }
    if (!(delayMs >= 0)) throw new RangeError(`Cannot take delayMs ${delayMs} for a deadline: give ${WANTED}`)
    this.#dueMs = this.#keeper.now() + delayMs
    this.#keeper.keep(this)
  }

  /** Clears the deadline, so that it does not expire. */
  clear(): void {
    if (this.#dueMs === NEVER) return
    this.#dueMs = NEVER
    this.#keeper.forget(this)
  }

  /** Called by the keeper when the deadline is due. */
  expire(): void {
    this.#dueMs = NEVER
    this.#expired()
  }
}

/**
 * One timer for all deadlines of a reactor: a hashed timing wheel.
 *
 * Time is divided into ticks, and each tick has a slot. A deadline is in the slot of the first tick at which
 * it is due. A deadline that is postponed stays in its slot, and moves on when that slot is processed. A tick
 * that is much too late means that the event loop was blocked: this clock leaves that time out.
 */
export class DeadlineWheel implements DeadlineKeeper {
  readonly #time: Pick<ReactorTime, 'now' | 'callLater'>
  readonly #slots: readonly Set<KeptDeadline>[] = Array.from({ length: SLOTS }, () => new Set<KeptDeadline>())
  /** The tick of the slot that each deadline is in. */
  readonly #ticks = new Map<KeptDeadline, number>()
  #tick = 0
  #call: DelayedCall | undefined
  #stalledMs = 0

  constructor(time: Pick<ReactorTime, 'now' | 'callLater'>) {
    this.#time = time
  }

  now(): number {
    return this.#time.now() - this.#stalledMs
  }

  keep(deadline: KeptDeadline): void {
    if (deadline.dueMs === Infinity) return this.forget(deadline)
    const slotTick = this.#ticks.get(deadline)
    const tick = Math.ceil(deadline.dueMs / TICK_MS)
    // Postponed: it moves when its slot is processed.
    if (slotTick !== undefined && slotTick <= tick) return
    if (slotTick !== undefined) this.#slot(slotTick).delete(deadline)
    this.#tickFrom(this.now())
    this.#put(deadline, Math.max(tick, this.#tick + 1))
  }

  /** How many deadlines are watched. */
  get size(): number {
    return this.#ticks.size
  }

  forget(deadline: KeptDeadline): void {
    const slotTick = this.#ticks.get(deadline)
    if (slotTick === undefined) return
    this.#slot(slotTick).delete(deadline)
    this.#ticks.delete(deadline)
    this.#restIfEmpty()
  }

  #put(deadline: KeptDeadline, tick: number): void {
    // A deadline beyond the last slot is put into that slot and moves on from there.
    const within = Math.min(tick, this.#tick + SLOTS - 1)
    this.#ticks.set(deadline, within)
    this.#slot(within).add(deadline)
  }

  #slot(tick: number): Set<KeptDeadline> {
    return this.#slots[tick % SLOTS] ?? new Set()
  }

  #tickFrom(nowMs: number): void {
    if (this.#call?.active()) return
    this.#tick = Math.floor((nowMs + EARLY_MS) / TICK_MS)
    this.#arm(nowMs)
  }

  #arm(nowMs: number): void {
    this.#call = this.#time.callLater(Math.max(0, (this.#tick + 1) * TICK_MS - nowMs), () => this.#tickDue())
  }

  #restIfEmpty(): void {
    if (this.#ticks.size > 0) return
    if (this.#call?.active()) this.#call.cancel()
    this.#call = undefined
  }

  #tickDue(): void {
    this.#leaveStallOut()
    const nowMs = this.now()
    const until = Math.floor((nowMs + EARLY_MS) / TICK_MS)
    const due: KeptDeadline[] = []
    while (this.#tick < until) {
      this.#tick++
      due.push(...this.#take(this.#tick))
    }
    this.#call = undefined
    if (this.#ticks.size > 0) this.#arm(nowMs)
    expire(due, until * TICK_MS)
  }

  /**
   * Removes and returns the deadlines that are due in the slot of `tick`; those that were postponed move on.
   */
  #take(tick: number): KeptDeadline[] {
    const slot = this.#slot(tick)
    const due: KeptDeadline[] = []
    for (const deadline of Array.from(slot)) {
      slot.delete(deadline)
      this.#ticks.delete(deadline)
      if (deadline.dueMs <= tick * TICK_MS) due.push(deadline)
      else this.#put(deadline, Math.ceil(deadline.dueMs / TICK_MS))
    }
    return due
  }

  #leaveStallOut(): void {
    const lateMs = this.now() - (this.#tick + 1) * TICK_MS
    if (lateMs > STALL_MS) this.#stalledMs += lateMs
  }
}

/** Expires all of `due`, even if some of them throw. */
function expire(due: readonly KeptDeadline[], untilMs: number): void {
  const failures: unknown[] = []
  for (const deadline of due) {
    // A deadline before this one may have cleared or postponed it.
    if (deadline.dueMs > untilMs) continue
    try {
      deadline.expire()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures)
}

const NEVER = Infinity
const WANTED = 'a number of milliseconds, 0 or more'
/** How late a deadline may expire. */
const TICK_MS = 100
/** All slots together cover 51.2 s, which is longer than most deadlines of connections. */
const SLOTS = 512
/** A tick that is later than this means that the event loop was blocked. */
const STALL_MS = 200
/** Node's timers may fire this much too early. */
const EARLY_MS = 1
