import { formatRecordedEvent, type RecordedEvent, type Recording } from '@ropewalk/core'
import type { Delivery, Link } from '../network/link.ts'

/** What came out of the connections over a link, in one direction, since the capture began. */
export class Capture {
  readonly #events: RecordedEvent[] = []
  readonly #streams = new Map<string, number>()
  readonly #stop: () => void

  constructor(link: Link) {
    this.#stop = link.watch((delivery) => this.#delivered(delivery))
  }

  /** As the end that it came to has received it: `replay` gives it to any protocol. */
  get recording(): Recording {
    return [...this.#events]
  }

  /** Captures nothing more. */
  stop(): void {
    this.#stop()
  }

  /** The lines of a recording, as `recordConnection` writes them. */
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
