import type { DeadlineKeeper, DelayedCall, KeptDeadline, ReactorTime } from '../interfaces/reactor.ts'

/**
 * The end of a peer's time: how long we wait for it to make progress.
 *
 * Setting, putting off and calling off cost next to nothing, however many there are. It passes up to
 * 100 ms late, never early, and time in which the event loop stood still does not count: the peer
 * could do nothing about it.
 */
export class Deadline implements KeptDeadline {
  readonly #keeper: DeadlineKeeper
  readonly #passed: () => void
  #dueMs = NEVER

  /**
   * @param time The reactor.
   * @param passed Called when the time is over; the deadline can then be set again.
   */
  constructor(time: { readonly deadlines: DeadlineKeeper }, passed: () => void) {
    this.#keeper = time.deadlines
    this.#passed = passed
  }

  /** When it passes, on the clock of its keeper; Infinity when it is not set. */
  get dueMs(): number {
    return this.#dueMs
  }

  /** Whether it is still to come. */
  get ahead(): boolean {
    return this.#dueMs !== NEVER
  }

  /**
   * Makes it pass `delayMs` from now, whatever was set before.
   *
   * @throws {TypeError} when `delayMs` is no number.
   * @throws {RangeError} when it is negative or NaN.
   */
  set(delayMs: number): void {
    if (typeof delayMs !== 'number') {
      throw new TypeError(`Cannot wait ${String(delayMs)} ms: give a number`)
    }
    if (!(delayMs >= 0)) throw new RangeError(`Cannot wait ${delayMs} ms: give 0 or more`)
    this.#dueMs = this.#keeper.now() + delayMs
    this.#keeper.keep(this)
  }

  /** Calls it off. */
  clear(): void {
    if (this.#dueMs === NEVER) return
    this.#dueMs = NEVER
    this.#keeper.forget(this)
  }

  /** Its time is over: the keeper says so. */
  pass(): void {
    this.#dueMs = NEVER
    this.#passed()
  }
}

/**
 * One timer for every deadline of a reactor.
 *
 * A deadline lies in the slot of the tick after it is due; the wheel turns by a slot each tick. One
 * that is put off stays where it is, and is moved when its slot comes up. A tick that comes much too
 * late means that the loop stood still: the wheel's clock leaves that time out.
 */
export class DeadlineWheel implements DeadlineKeeper {
  readonly #time: Pick<ReactorTime, 'now' | 'callLater'>
  readonly #slots: readonly Set<KeptDeadline>[] = Array.from({ length: SLOTS }, () => new Set<KeptDeadline>())
  /** Where each deadline lies: the tick of its slot. */
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
    const lies = this.#ticks.get(deadline)
    const tick = Math.ceil(deadline.dueMs / TICK_MS)
    // Put off: found out when its slot comes up.
    if (lies !== undefined && lies <= tick) return
    if (lies !== undefined) this.#slot(lies).delete(deadline)
    this.#turnFrom(this.now())
    this.#put(deadline, Math.max(tick, this.#tick + 1))
  }

  /** Deadlines that are still to come. */
  get size(): number {
    return this.#ticks.size
  }

  forget(deadline: KeptDeadline): void {
    const lies = this.#ticks.get(deadline)
    if (lies === undefined) return
    this.#slot(lies).delete(deadline)
    this.#ticks.delete(deadline)
    this.#restIfEmpty()
  }

  #put(deadline: KeptDeadline, tick: number): void {
    // Beyond the horizon it lies in the last slot, and is moved on from there.
    const within = Math.min(tick, this.#tick + SLOTS - 1)
    this.#ticks.set(deadline, within)
    this.#slot(within).add(deadline)
  }

  #slot(tick: number): Set<KeptDeadline> {
    return this.#slots[tick % SLOTS] ?? new Set()
  }

  #turnFrom(nowMs: number): void {
    if (this.#call?.active()) return
    this.#tick = Math.floor((nowMs + EARLY_MS) / TICK_MS)
    this.#arm(nowMs)
  }

  #arm(nowMs: number): void {
    this.#call = this.#time.callLater(Math.max(0, (this.#tick + 1) * TICK_MS - nowMs), () => this.#turn())
  }

  #restIfEmpty(): void {
    if (this.#ticks.size > 0) return
    if (this.#call?.active()) this.#call.cancel()
    this.#call = undefined
  }

  #turn(): void {
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
    pass(due, until * TICK_MS)
  }

  /** Takes out what is due in the slot of `tick`; what was put off moves on. */
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

/** One that fails keeps none of the others from passing. */
function pass(due: readonly KeptDeadline[], untilMs: number): void {
  const failures: unknown[] = []
  for (const deadline of due) {
    // Those before it may have called it off, or put it off.
    if (deadline.dueMs > untilMs) continue
    try {
      deadline.pass()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures)
}

const NEVER = Infinity
/** How late a deadline may pass. */
const TICK_MS = 100
/** The wheel turns once in 51.2 s; most deadlines of connections lie within. */
const SLOTS = 512
/** A tick that is later than this was held up by the loop. */
const STALL_MS = 200
/** Node's timers may fire this much before their time. */
const EARLY_MS = 1
