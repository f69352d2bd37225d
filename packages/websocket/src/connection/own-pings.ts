import type { Reactor } from '@ropewalk/core'

/**
 * The pings that a WebSocket sends by itself, to find out whether the peer is there and how far away it is.
 *
 * Each payload has this layout, so that a reply is not mistaken for one to a ping of the program:
 *
 *     offset  size  meaning
 *     0       8     a random number of this WebSocket
 *     8       4     the number of the ping, big-endian
 */
export class OwnPings {
  readonly #reactor: Reactor
  readonly #high: number
  readonly #low: number
  #number = 0
  /** When the newest ping was sent; undefined when its pong has arrived. */
  #sentMs: number | undefined
  #latencyMs: number | undefined
  #waiters: ((latencyMs: number | undefined) => void)[] | undefined

  constructor(reactor: Reactor) {
    this.#reactor = reactor
    const random = reactor.randomBytes(TAG_BYTES)
    this.#high = random.readInt32BE(0)
    this.#low = random.readInt32BE(4)
  }

  /** Milliseconds from the newest ping that has a pong to this pong; undefined before the first one. */
  get latencyMs(): number | undefined {
    return this.#latencyMs
  }

  /** Returns the payload of the next ping, which is sent now. */
  next(): Buffer {
    this.#number = (this.#number + 1) >>> 0
    this.#sentMs = this.#reactor.now()
    const payload = Buffer.allocUnsafe(PAYLOAD_BYTES)
    payload.writeInt32BE(this.#high, 0)
    payload.writeInt32BE(this.#low, 4)
    payload.writeUInt32BE(this.#number, TAG_BYTES)
    return payload
  }

  /**
   * Handles a pong.
   *
   * @returns false when it does not reply to a ping of this object.
   */
  pongReceived(payload: Buffer): boolean {
    if (payload.length !== PAYLOAD_BYTES) return false
    if (payload.readInt32BE(0) !== this.#high || payload.readInt32BE(4) !== this.#low) return false
    if (this.#sentMs !== undefined && payload.readUInt32BE(TAG_BYTES) === this.#number) {
      this.#latencyMs = this.#reactor.now() - this.#sentMs
      this.#sentMs = undefined
      this.#wake(this.#latencyMs)
    }
    return true
  }

  /** Whether a caller of `measured` waits. */
  get measuring(): boolean {
    return this.#waiters !== undefined
  }

  /** Resolves with the latency of the newest ping when its pong arrives; with undefined at `stop`. */
  measured(): Promise<number | undefined> {
    return new Promise((resolve) => (this.#waiters ??= []).push(resolve))
  }

  /** No pong can arrive any more. */
  stop(): void {
    this.#wake(undefined)
  }

  #wake(latencyMs: number | undefined): void {
    const waiters = this.#waiters
    this.#waiters = undefined
    for (const resolve of waiters ?? []) resolve(latencyMs)
  }
}

const TAG_BYTES = 8
const PAYLOAD_BYTES = TAG_BYTES + 4
