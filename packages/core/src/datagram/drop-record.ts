import type { DatagramDrops } from '../interfaces/datagram.ts'
import type { LogEvent } from '../interfaces/log.ts'

/** Counts what a UDP port drops, and warns of the first of each kind: anyone can bring about the others. */
export class DropCounter {
  readonly #warn: (event: Pick<LogEvent, 'text' | 'error'>) => void
  readonly #counts = { unsent: 0, late: 0, failed: 0, tooLong: 0, unread: 0, stranger: 0 }

  /** @param warn Tells whoever runs the program. */
  constructor(warn: (event: Pick<LogEvent, 'text' | 'error'>) => void) {
    this.#warn = warn
  }

  /** The counts as they are now. */
  get counts(): DatagramDrops {
    return { ...this.#counts }
  }

  /** One more was dropped. */
  add(why: keyof DatagramDrops, error?: unknown): void {
    this.#counts[why]++
    const text = WARNING[why]
    if (this.#counts[why] === 1 && text !== undefined) this.#warn({ text, error })
  }
}

/** A program that answers when it has been told to stop has done nothing wrong: no warning. */
const WARNING: Readonly<Record<keyof DatagramDrops, string | undefined>> = {
  unsent: 'Dropped a datagram because more than maxBufferedBytes would wait to be sent',
  late: undefined,
  failed: 'The system could not send a datagram, or found no way to its host',
  tooLong: 'Dropped a datagram that is longer than maxPacketBytes',
  unread: 'Dropped a datagram because the protocol is at work on maxPending others',
  stranger: 'Dropped a datagram that is not from the peer of a connected port',
}
