import type {
  DeadlineKeeper,
  DeadlinePlace,
  DelayedCall,
  KeptDeadline,
  ReactorTime,
} from '../interfaces/reactor.ts'

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
  /** Belongs to the keeper. */
  place: DeadlinePlace | undefined

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
 *
 * A slot is a linked list, because a deadline that is set and cleared again and again must cost the same each
 * time. In a Set, each deletion of a key makes the next look at that key slower until the Set is rebuilt.
 */
export class DeadlineWheel implements DeadlineKeeper {
  readonly #time: Pick<ReactorTime, 'now' | 'callLater'>
  /** Made when they are first used: a reactor without deadlines needs none. */
  readonly #slots: (Slot | undefined)[] = []
  #size = 0
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
    const place = (deadline.place ??= { deadline, tick: OUTSIDE, previous: undefined, next: undefined })
    const tick = Math.ceil(deadline.dueMs / TICK_MS)
    // Postponed: it moves when its slot is processed.
    if (place.tick !== OUTSIDE && place.tick <= tick) return
    if (place.tick !== OUTSIDE) this.#remove(place)
    this.#tickFrom(this.now())
    this.#put(place, Math.max(tick, this.#tick + 1))
  }

  /** How many deadlines are watched. */
  get size(): number {
    return this.#size
  }

  forget(deadline: KeptDeadline): void {
    const { place } = deadline
    if (place === undefined || place.tick === OUTSIDE) return
    this.#remove(place)
    this.#restIfEmpty()
  }

  #put(place: DeadlinePlace, tick: number): void {
    // A deadline beyond the last slot is put into that slot and moves on from there.
    place.tick = Math.min(tick, this.#tick + SLOTS - 1)
    this.#slot(place.tick).add(place)
    this.#size++
  }

  #remove(place: DeadlinePlace): void {
    this.#slot(place.tick).remove(place)
    place.tick = OUTSIDE
    this.#size--
  }

  #slot(tick: number): Slot {
    return (this.#slots[tick % SLOTS] ??= new Slot())
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
    if (this.#size > 0) return
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
      this.#take(this.#tick, due)
    }
    this.#call = undefined
    if (this.#size > 0) this.#arm(nowMs)
    expire(due, until * TICK_MS)
  }

  /** Empties the slot of `tick`: adds what is due to `due`, and moves on what was postponed. */
  #take(tick: number, due: KeptDeadline[]): void {
    const slot = this.#slots[tick % SLOTS]
    for (let place = slot?.first; place !== undefined; place = slot?.first) {
      const { deadline } = place
      this.#remove(place)
      if (deadline.dueMs <= tick * TICK_MS) due.push(deadline)
      else this.#put(place, Math.ceil(deadline.dueMs / TICK_MS))
    }
  }

  #leaveStallOut(): void {
    const lateMs = this.now() - (this.#tick + 1) * TICK_MS
    if (lateMs > STALL_MS) this.#stalledMs += lateMs
  }
}

/** The deadlines of one tick, in the order in which they were put there. */
class Slot {
  first: DeadlinePlace | undefined
  #last: DeadlinePlace | undefined

  add(place: DeadlinePlace): void {
    place.previous = this.#last
    if (this.#last === undefined) this.first = place
    else this.#last.next = place
    this.#last = place
  }

  remove(place: DeadlinePlace): void {
    const { previous, next } = place
    if (previous === undefined) this.first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    place.previous = place.next = undefined
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
/** The tick of a deadline that is in no slot. */
const OUTSIDE = -1
const WANTED = 'a number of milliseconds, 0 or more'
/** How late a deadline may expire. */
const TICK_MS = 100
/** All slots together cover 51.2 s, which is longer than most deadlines of connections. */
const SLOTS = 512
/** A tick that is later than this means that the event loop was blocked. */
const STALL_MS = 200
/** Node's timers may fire this much too early. */
const EARLY_MS = 1
