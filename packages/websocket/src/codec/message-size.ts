import { WebSocketError } from '../errors.ts'

/** Counts the bytes and fragments of one message, and refuses what exceeds the limit (RFC 6455 §10.4). */
export class MessageSize {
  readonly #maxBytes: number
  #bytes = 0
  #fragments = 0

  /** @param maxBytes Most bytes of the message. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The bytes of all fragments that have begun. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Begins a fragment.
   *
   * @throws {WebSocketError} when the message would exceed its limits.
   */
  fragmentBegins(payloadBytes: number): void {
    const maxBytes = this.#maxBytes
    this.#bytes += payloadBytes
    if (this.#bytes > maxBytes) {
      throw new WebSocketError('message-too-large', `Cannot accept a message of more than ${maxBytes} bytes`)
    }
    this.#fragments++
    // Each fragment is charged besides its bytes. Otherwise a peer could send empty fragments without end.
    const charge = this.#bytes + this.#fragments * FRAGMENT_CHARGE_BYTES
    if (charge > 2 * Math.max(maxBytes, MIN_CHARGED_BYTES)) {
      throw new WebSocketError(
        'too-many-fragments',
        `Cannot accept a message of ${this.#fragments} fragments`,
      )
    }
  }
}

const FRAGMENT_CHARGE_BYTES = 64
/**
 * The charge limit is computed from at least this size: a small `maxMessageBytes` must not forbid ordinary
 * fragments.
 */
const MIN_CHARGED_BYTES = 65_536
