import { formatRecordedEvent, type RecordedEvent, type Recording } from '@ropewalk/core/policies'
import type { Delivery, Link } from '../network/link.ts'

/** The stream data that connections delivered over a link, in one direction, since the capture began. */
export class Capture {
  readonly #events: RecordedEvent[] = []
  readonly #streams = new Map<string, number>()
  readonly #stop: () => void

  constructor(link: Link) {
    this.#stop = link.watch((delivery) => this.#delivered(delivery))
  }

  /** The data so far, as received at the end of the link. `replay` can play it to any protocol. */
  get recording(): Recording {
    return [...this.#events]
  }

  /** Ends the capture. */
  stop(): void {
    this.#stop()
  }

  /** Formats the data so far as the lines of a recording, as `recordConnection` writes them. */
  toString(): string {
    return this.#events.map((event) => `${formatRecordedEvent(event)}\n`).join('')
  }

  #delivered({ atMs, stream, what }: Delivery): void {
    const connection = this.#streams.get(stream) ?? this.#opened(stream, atMs)
    if (what instanceof Buffer)
      this.#events.push({ atMs, connection, what: 'received', bytes: Buffer.from(what) })
    else this.#events.push({ atMs, connection, what: 'closed', clean: what === 'end' })
  }

  #opened(stream: string, atMs: number): number {
    const connection = this.#streams.size + 1
    this.#streams.set(stream, connection)
    this.#events.push({ atMs, connection, what: 'opened', peer: stream })
    return connection
  }
}
