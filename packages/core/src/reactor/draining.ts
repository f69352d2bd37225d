import type { ReactorLog, ReactorTime, StopReport } from '../interfaces/reactor.ts'
import { ResettableTimer } from '../time/timers.ts'
import type { Attempting, RegisteredConnection } from '../transport/connection-registry.ts'

/**
 * What a stop waits for: connections, and attempts. Only attempts with a label, which are child processes,
 * are reported.
 */
type Draining = RegisteredConnection | Attempting

/**
 * The connections and child processes that were up when the drain of a stop began. Drains the connections one
 * after the other, the oldest first, evenly over a window of time, and reports how each ended.
 */
export class DrainedConnections {
  readonly #time: ReactorTime
  readonly #overMs: number
  readonly #connections: readonly RegisteredConnection[]
  readonly #labels: Map<Draining, string>
  readonly #aborted = new Set<Draining>()
  readonly #next: ResettableTimer
  #beganMs = 0
  #asked = 0

  /** @param overMs The window in milliseconds; 0 drains all connections at once. */
  constructor(
    time: ReactorTime,
    overMs: number,
    connections: Iterable<RegisteredConnection>,
    attempts: Iterable<Attempting>,
  ) {
    this.#time = time
    this.#overMs = overMs
    this.#connections = Array.from(connections)
    // The labels are taken now, because another protocol may be current when a connection ends.
    this.#labels = new Map(labelled([...this.#connections, ...attempts]))
    this.#next = new ResettableTimer(time, () => this.#askDue())
  }

  /** Starts to drain the connections. */
  begin(): void {
    this.#beganMs = this.#time.now()
    this.#askDue()
  }

  /** Drains no more connections. */
  end(): void {
    this.#next.clear()
  }

  /** The deadline has expired: records that `late` are aborted, also those that began after the drain. */
  deadlineExpired(late: Iterable<Draining>): void {
    this.end()
    for (const [one, label] of labelled(late)) {
      this.#aborted.add(one)
      if (!this.#labels.has(one)) this.#labels.set(one, label)
    }
  }

  /** Returns how each ended. */
  report(): Pick<StopReport, 'completed' | 'aborted'> {
    const labelsOf = (wereAborted: boolean): string[] =>
      Array.from(this.#labels)
        .filter(([one]) => this.#aborted.has(one) === wereAborted)
        .map(([, label]) => label)
    return { completed: labelsOf(false), aborted: labelsOf(true) }
  }

  #askDue(): void {
    const stepMs = this.#overMs / this.#connections.length
    const elapsedMs = this.#time.now() - this.#beganMs
    while (this.#asked < this.#connections.length && this.#asked * stepMs <= elapsedMs)
      this.#connections[this.#asked++]?.drain()
    if (this.#asked < this.#connections.length) this.#next.set(this.#asked * stepMs - elapsedMs)
  }
}

function labelled(some: Iterable<Draining>): [Draining, string][] {
  return Array.from(some).flatMap((one) => (one.label === undefined ? [] : [[one, one.label]]))
}

/**
 * Logs how many connections finished at a stop, and which were aborted. Logs nothing when the program called
 * `stop` and all connections finished, because the program gets the report.
 */
export function logReport({ completed, aborted, signal }: StopReport, log: ReactorLog): void {
  if (completed.length > 0 && (signal !== undefined || aborted.length > 0)) {
    const text = 'Connections that finished at the stop: {completed}'
    log.log({ level: 'info', text, fields: { completed: completed.length } })
  }
  if (aborted.length > 0) {
    const more = aborted.length - MOST_NAMED
    const labels = aborted.slice(0, MOST_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '')
    const text = 'Connections aborted at the deadline of the stop: {aborted}: {labels}'
    log.log({ level: 'warn', text, fields: { aborted: aborted.length, labels } })
  }
}

/** Most labels in one line of the log. */
const MOST_NAMED = 10
