/** A call scheduled at a virtual time. */
export interface TimelineEvent {
  readonly dueMs: number
  /** Whether a run that waits for the end of all work does not wait for it. */
  isBackground: boolean
  /** Cancels the call. No effect after it was made. */
  cancel(): void
}

/**
 * Virtual time, with a queue of scheduled events. Time moves from one event to the next; events due at the
 * same time happen in the order in which they were scheduled.
 */
export class EventQueue {
  readonly #heap: Entry[] = []
  #nowMs = 0
  #lastOrder = 0
  #lastLane = 0
  #seed = 0

  /** Virtual milliseconds since the beginning. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** When the next event is due; Infinity when there is none. */
  get nextMs(): number {
    return this.#first()?.dueMs ?? Infinity
  }

  /** Whether no event is left, but for those in the background. */
  get isIdle(): boolean {
    return !this.#heap.some((entry) => !entry.cancelled && !entry.isBackground)
  }

  /**
   * Draws the order of events that are due at the same time in different lanes. Within a lane, they keep the
   * order in which they were scheduled.
   *
   * @param seed An integer; 0 keeps the order in which they were scheduled, in all lanes.
   */
  shuffleTies(seed: number): void {
    this.#seed = seed
  }

  /** Returns the number of a new lane, for the events of one host or link. */
  newLane(): number {
    return ++this.#lastLane
  }

  /** Schedules `call` in `delayMs` virtual milliseconds. */
  after(delayMs: number, call: () => void, lane?: number): TimelineEvent {
    return this.at(this.#nowMs + delayMs, call, lane)
  }

  /** Schedules `call` at `dueMs`, or at the current time if `dueMs` has passed. */
  at(dueMs: number, call: () => void, lane: number = 0): TimelineEvent {
    const atMs = Math.max(dueMs, this.#nowMs)
    const rank = this.#seed === 0 || lane === 0 ? 0 : rankOf(this.#seed, lane, atMs)
    const entry = new Entry(atMs, rank, ++this.#lastOrder, call)
    push(this.#heap, entry)
    return entry
  }

  /** Moves to the next event and calls it. @returns false when there is none. */
  step(): boolean {
    const next = this.#first()
    if (next === undefined) return false
    pop(this.#heap)
    this.#nowMs = next.dueMs
    next.happen()
    return true
  }

  /** Moves to `ms` without an event. The caller has run every event due before it. */
  moveTo(ms: number): void {
    this.#nowMs = Math.max(this.#nowMs, ms)
  }

  #first(): Entry | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (!first.cancelled) return first
      pop(this.#heap)
    }
    return undefined
  }
}

class Entry implements TimelineEvent {
  readonly dueMs: number
  isBackground = false
  /** Decides between events at the same time, before their order. */
  readonly #rank: number
  readonly #order: number
  #call: (() => void) | undefined

  constructor(dueMs: number, rank: number, order: number, call: () => void) {
    this.dueMs = dueMs
    this.#rank = rank
    this.#order = order
    this.#call = call
  }

  get cancelled(): boolean {
    return this.#call === undefined
  }

  cancel(): void {
    this.#call = undefined
  }

  happen(): void {
    const call = this.#call
    this.#call = undefined
    call?.()
  }

  isBefore(other: Entry): boolean {
    if (this.dueMs !== other.dueMs) return this.dueMs < other.dueMs
    return this.#rank === other.#rank ? this.#order < other.#order : this.#rank < other.#rank
  }
}

/** A number that follows from the seed, and is the same for all events of a lane at one time. */
function rankOf(seed: number, lane: number, atMs: number): number {
  const mixed = Math.imul(seed ^ Math.imul(lane, 0x9e3779b1) ^ Math.round(atMs * 1000), 0x85ebca6b)
  return Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) >>> 0
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1
  while (at > 0) {
    const up = (at - 1) >> 1
    const parent = heap[up]
    if (parent === undefined || !entry.isBefore(parent)) break
    heap[at] = parent
    at = up
  }
  heap[at] = entry
}

function pop(heap: Entry[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let at = 0
  for (;;) {
    const left = 2 * at + 1
    const [one, other] = [heap[left], heap[left + 1]]
    if (one === undefined) break
    const [down, child] = other !== undefined && other.isBefore(one) ? [left + 1, other] : [left, one]
    if (!child.isBefore(last)) break
    heap[at] = child
    at = down
  }
  heap[at] = last
}
