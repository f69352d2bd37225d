import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'
import { logConnection } from './connection-report.ts'
import { Deadline } from '../time/deadline.ts'

/** What is held back from a protocol. */
export interface HeldInput {
  /** The promise of a callback that must settle first; undefined when there is none. */
  readonly pending: Promise<void> | undefined
  readonly heldBytes: number
  /** Whether the peer's end waits, behind the bytes if there are any. */
  readonly owesEnd: boolean
}

/** A protocol whose promises of `dataReceived` mean that it has enough for now: they may take any time. */
export interface HoldingBack {
  readonly holdsBack: true
}

/** Whose callback is pending. */
export interface PendingCallback {
  readonly protocol: ProtocolEvents | undefined
  /** The name of the callback. */
  readonly callback: string
}

/**
 * Logs, once for a connection, that a callback's promise has not settled for 10 s although input waits for it: a
 * callback that awaits what only a later one can bring waits for ever, and nothing else shows it.
 */
export class StuckCallback {
  readonly #transport: Transport
  readonly #input: HeldInput
  readonly #who: () => PendingCallback
  readonly #deadline: Deadline
  #watched: Promise<void> | undefined
  #logged = false

  constructor(transport: Transport, input: HeldInput, who: () => PendingCallback) {
    this.#transport = transport
    this.#input = input
    this.#who = who
    this.#deadline = new Deadline(transport.reactor, () => this.#passed())
  }

  /** Input is held until `pending` settles. */
  watch(pending: Promise<void>): void {
    if (this.#logged || pending === this.#watched) return
    this.#watched = pending
    this.#deadline.set(STUCK_AFTER_MS)
    void pending.then(() => this.#settled(pending))
  }

  /** The connection is gone. */
  stop(): void {
    this.#logged = true
    this.#deadline.clear()
  }

  #settled(pending: Promise<void>): void {
    if (pending !== this.#watched) return
    this.#watched = undefined
    this.#deadline.clear()
    // What was held may have been given to a callback that is pending too, and the end still waits.
    const { pending: next, heldBytes, owesEnd } = this.#input
    if (next !== undefined && (heldBytes > 0 || owesEnd)) this.watch(next)
  }

  #passed(): void {
    const { pending, heldBytes, owesEnd } = this.#input
    // Another protocol may read by now, which waits for nothing.
    if (pending !== this.#watched || (heldBytes === 0 && !owesEnd)) return
    const { protocol, callback } = this.#who()
    if (protocol !== undefined && 'holdsBack' in protocol && protocol.holdsBack === true) return
    this.#logged = true
    const what = heldBytes > 0 ? '{bytes} bytes that have come' : "the peer's end"
    this.#transport.reactor.log({
      level: 'warn',
      text: `The promise of {callback} has not settled for ${STUCK_AFTER_MS / 1000} s, and ${what} must wait for it`,
      fields: { callback, bytes: heldBytes },
      connection: logConnection(this.#transport, protocol),
      source: protocol,
    })
  }
}

const STUCK_AFTER_MS = 10_000
