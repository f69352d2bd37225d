/** A call scheduled at a virtual time. */
export interface TimelineEvent {
  readonly dueMs: number
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

  /** Virtual milliseconds since the beginning. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** When the next event is due; Infinity when there is none. */
  get nextMs(): number {
    return this.#first()?.dueMs ?? Infinity
  }

  /** Schedules `call` in `delayMs` virtual milliseconds. */
  after(delayMs: number, call: () => void): TimelineEvent {
    return this.at(this.#nowMs + delayMs, call)
  }

  /** Schedules `call` at `dueMs`, or at the current time if `dueMs` has passed. */
  at(dueMs: number, call: () => void): TimelineEvent {
    const entry = new Entry(Math.max(dueMs, this.#nowMs), ++this.#lastOrder, call)
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
  readonly #order: number
  #call: (() => void) | undefined

  constructor(dueMs: number, order: number, call: () => void) {
    this.dueMs = dueMs
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
    return this.dueMs === other.dueMs ? this.#order < other.#order : this.dueMs < other.dueMs
  }
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
