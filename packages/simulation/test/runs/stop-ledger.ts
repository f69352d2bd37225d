import {
  ConnectionAborted,
  type ConnectionClosed,
  type Reactor,
  type StopReport,
  type Transport,
} from '@ropewalk/core'
import type { ConnectionPolicy, ConnectionWatch } from '@ropewalk/core/policies'

/**
 * Records when each connection of a reactor began and ended, and compares that with the report and the
 * deadline of the stop.
 */
export class StopLedger implements ConnectionPolicy {
  readonly reactor: Reactor
  readonly #entries: Entry[] = []
  readonly #drainMs: number
  #stop: Stop = { is: 'ahead' }

  constructor(reactor: Reactor, drainMs: number) {
    this.reactor = reactor
    this.#drainMs = drainMs
  }

  accepted({ id }: Transport): ConnectionWatch {
    const entry: Entry = { id, end: undefined }
    this.#entries.push(entry)
    return {
      closed: (reason) => {
        entry.end = { atMs: this.reactor.now(), reason }
      },
    }
  }

  /** Stops the reactor. */
  async stop(): Promise<void> {
    const startedMs = this.reactor.now()
    this.#stop = { is: 'under way', startedMs }
    const report = await this.reactor.stop({ drainMs: this.#drainMs })
    this.#stop = { is: 'over', startedMs, report, endedMs: this.reactor.now() }
  }

  /**
   * Returns what was wrong with the stop. To be called when the stop should be over.
   *
   * @param stoodStillMs How long the program was paused at most, in milliseconds.
   */
  complaints(stoodStillMs: number): readonly string[] {
    if (this.#stop.is === 'ahead') return ['was never asked to stop']
    if (this.#stop.is === 'under way') return ['has not finished its stop']
    const over = this.#stop
    const lateMs = over.endedMs - over.startedMs - this.#drainMs
    const late = lateMs > stoodStillMs + SLACK_MS ? [`finished its stop ${lateMs} ms after its deadline`] : []
    return [...late, ...this.#entries.flatMap((entry) => complaintsOf(entry, over, this.#drainMs))]
  }

  /** The labels of the connections that the report lists as aborted. */
  get aborted(): readonly string[] {
    return this.#stop.is === 'over' ? this.#stop.report.aborted : []
  }
}

function complaintsOf({ id, end }: Entry, { startedMs, report }: Over, drainMs: number): readonly string[] {
  const name = `connection ${id}`
  if (end === undefined) return [`${name} outlived the stop`]
  const [completed, aborted] = [isListed(report.completed, id), isListed(report.aborted, id)]
  const complaints: string[] = []
  if (completed + aborted > 1) complaints.push(`${name} is reported ${completed + aborted} times`)
  if (completed + aborted === 0 && end.atMs > startedMs) complaints.push(`${name} is not reported`)
  if (completed + aborted > 0 && end.atMs < startedMs)
    complaints.push(`${name} is reported, but ended before the stop`)
  if (aborted === 1 && !(end.reason instanceof ConnectionAborted))
    complaints.push(`${name} is reported as aborted, but ended with ${end.reason.name}`)
  const earlyMs = startedMs + drainMs - end.atMs
  if (aborted === 1 && earlyMs > ROUNDING_MS)
    complaints.push(`${name} is reported as aborted ${earlyMs} ms before the deadline`)
  return complaints
}

/** How many of the labels, such as `Echo 3 127.0.0.1:5000`, belong to the connection with this id. */
function isListed(labels: readonly string[], id: number): number {
  return labels.filter((label) => label.split(' ').at(-2) === String(id)).length
}

interface Entry {
  readonly id: number
  end: { readonly atMs: number; readonly reason: ConnectionClosed } | undefined
}

interface Over {
  readonly is: 'over'
  readonly startedMs: number
  readonly endedMs: number
  readonly report: StopReport
}

type Stop = { readonly is: 'ahead' } | { readonly is: 'under way'; readonly startedMs: number } | Over

/** The last connection ends one turn after the deadline. */
const SLACK_MS = 1
/** The readings of a fast clock are rounded. */
const ROUNDING_MS = 0.001
