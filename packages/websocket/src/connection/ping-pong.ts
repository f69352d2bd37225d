import type { Transport } from '@ropewalk/core'

/** The part of a WebSocket that a PingPong uses. */
export interface PingPongOwner {
  readonly transport: Transport
  readonly open: boolean
  /** Sends a pong. */
  sendPong(payload: Buffer): void
  /**
   * Calls the protocol.
   *
   * @returns the callback's promise, which does not reject; undefined when it has returned none.
   */
  deliverPong(payload: Buffer): Promise<void> | undefined
}

/**
 * Replies to pings with pongs, and delivers pongs, also while messages are held back: both sides use these
 * control frames to find out at once whether the other is alive.
 *
 * Old ones are dropped (RFC 6455 §5.5.3): while the peer reads slowly, only the newest ping gets a pong, and
 * while the callback for a pong is pending, only the newest later pong is kept.
 */
export class PingPong {
  readonly #owner: PingPongOwner
  /** The payload of the newest ping for which no pong has been sent. */
  #owed: Buffer | undefined
  #delivering = false
  /** The payload of the newest pong that has not been delivered. */
  #newest: Buffer | undefined

  constructor(owner: PingPongOwner) {
    this.#owner = owner
  }

  /** Replies to a ping: at once, or when enough of the queued bytes have been sent. */
  pingReceived(payload: Buffer): void {
    const { open, transport } = this.#owner
    if (!open) return
    const owed = this.#owed !== undefined
    this.#owed = payload
    if (owed) return
    if (transport.bufferedBytes <= PONG_HOLD_BYTES) this.#pong()
    else void transport.drained().then(() => this.#pong())
  }

  /** Delivers a pong: at once, or when the pending callback has settled. */
  pongReceived(payload: Buffer): void {
    if (!this.#owner.open) return
    this.#newest = payload
    this.#deliver()
  }

  #pong(): void {
    const payload = this.#owed
    this.#owed = undefined
    if (payload !== undefined && this.#owner.open) this.#owner.sendPong(payload)
  }

  #deliver(): void {
    const payload = this.#newest
    if (this.#delivering || payload === undefined || !this.#owner.open) return
    this.#newest = undefined
    const callback = this.#owner.deliverPong(payload)
    if (callback === undefined) return
    this.#delivering = true
    void callback.then(() => {
      this.#delivering = false
      this.#deliver()
    })
  }
}

/**
 * While more bytes than this are unsent, a pong waits for `drained()`, and a newer ping replaces its payload.
 */
export const PONG_HOLD_BYTES = 16_384
