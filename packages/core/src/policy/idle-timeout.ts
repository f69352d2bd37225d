import type { ConnectionPolicy, ConnectionWatch } from '../interfaces/policy.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkValue } from '../options/check-options.ts'
import { milliseconds } from '../options/option-rules.ts'
import { Deadline } from '../time/deadline.ts'

/**
 * Closes a connection on which no bytes were received or sent for `idleMs`, and aborts it when the same time elapses
 * again before the close has sent the queued bytes.
 *
 * Time in which a rate limit of this side delays bytes does not count, nor does the time in which a peer that reads
 * at `minBytesPerSecond` (a transport option) would take the bytes held by the operating system. Time in which the
 * protocol is paused does count: choose more than your protocol ever pauses. Once our FIN is sent, the transport's
 * `lingerMs` and `lingerTotalMs` limit the rest.
 */
export class IdleTimeout implements ConnectionPolicy {
  readonly #idleMs: number

  /** @throws {TypeError | RangeError} unless `idleMs` is a number above 0. */
  constructor(idleMs: number) {
    checkValue('IdleTimeout', 'idleMs', idleMs, milliseconds({ above: 0 }))
    this.#idleMs = idleMs
  }

  accepted(transport: Transport): ConnectionWatch {
    return new IdleWatch(transport, this.#idleMs)
  }
}

class IdleWatch implements ConnectionWatch {
  readonly #transport: Transport
  readonly #idleMs: number
  readonly #deadline: Deadline
  /** The times until which the peer is not to blame for silence in a direction. */
  #readingHeldUntilMs = 0
  #sendingHeldUntilMs = 0
  #endSent = false
  /** Whether an expiry has already started the close. */
  #expired = false

  constructor(transport: Transport, idleMs: number) {
    this.#transport = transport
    this.#idleMs = idleMs
    this.#deadline = new Deadline(transport.reactor, () => this.#expire())
    this.#restartDeadline()
  }

  received(): void {
    this.#restartDeadline()
  }

  sent(): void {
    this.#sendingHeldUntilMs = 0
    this.#restartDeadline()
  }

  heldUp(what: 'reading' | 'sending', forMs: number): void {
    const untilMs = this.#nowMs + forMs
    if (what === 'reading') this.#readingHeldUntilMs = untilMs
    else this.#sendingHeldUntilMs = untilMs
    const dueMs = Math.max(this.#deadline.dueMs, untilMs + this.#idleMs)
    if (this.#deadline.ahead) this.#deadline.set(dueMs - this.#nowMs)
  }

  ended(): void {
    this.#endSent = true
  }

  closed(): void {
    this.#deadline.clear()
  }

  get #nowMs(): number {
    return this.#transport.reactor.deadlines.now()
  }

  #restartDeadline(): void {
    const heldUntilMs = Math.max(this.#readingHeldUntilMs, this.#sendingHeldUntilMs)
    const heldMs = heldUntilMs === 0 ? 0 : Math.max(0, heldUntilMs - this.#nowMs)
    this.#deadline.set(heldMs + this.#idleMs)
  }

  #expire(): void {
    const isClosing = this.#transport.disconnecting
    // The operating system may still deliver our last bytes; a reset would drop them.
    if (isClosing && this.#endSent) return
    if (isClosing && this.#expired) {
      const why = `Cannot close in ${this.#idleMs} ms: the peer reads nothing`
      return this.#transport.abortConnection(new Error(why))
    }
    this.#expired = true
    this.#transport.loseConnection()
    this.#restartDeadline()
  }
}
