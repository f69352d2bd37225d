import type { Transport } from '@ropewalk/core'

/** The part of a WebSocket that a PingPong uses. */
export interface PingPongOwner {
  readonly transport: Transport
  readonly open: boolean
  /** Whether to reply to pings. */
  readonly autoPong: boolean
  /** Sends a pong. */
  sendPong(payload: Buffer): void
  /**
   * Calls the protocol.
   *
   * @returns the callback's promise, which does not reject; undefined when it has returned none.
   */
  deliverPong(payload: Buffer): Promise<void> | undefined
  /** Calls the protocol with a ping. */
  deliverPing(payload: Buffer): Promise<void> | undefined
}

/**
 * Replies to pings with pongs, and delivers pings and pongs, also while messages are held back: both sides use
 * these control frames to find out at once whether the other is alive.
 *
 * Old ones are dropped (RFC 6455 §5.5.3): while the peer reads slowly, only the newest ping gets a pong, and
 * while the callback for a ping or a pong is pending, only the newest later one is kept.
 */
export class PingPong {
  readonly #owner: PingPongOwner
  /** The payload of the newest pong that waits for queued bytes to leave. */
  #owed: Buffer | undefined
  #pings: NewestOnly | undefined
  #pongs: NewestOnly | undefined

  constructor(owner: PingPongOwner) {
    this.#owner = owner
  }

  /** Replies to a ping, and delivers it. */
  pingReceived(payload: Buffer): void {
    const owner = this.#owner
    if (owner.autoPong) this.pong(payload)
    this.#pings ??= new NewestOnly(owner, (newest) => owner.deliverPing(newest))
    this.#pings.push(payload)
  }

  /** Delivers a pong: at once, or when the pending callback has settled. */
  pongReceived(payload: Buffer): void {
    const owner = this.#owner
    this.#pongs ??= new NewestOnly(owner, (newest) => owner.deliverPong(newest))
    this.#pongs.push(payload)
  }

  /**
   * Sends a pong: at once, or when enough of the queued bytes have been sent. A newer one replaces one that waits.
   *
   * @returns false when it waits, or is dropped because nothing can be sent.
   */
  pong(payload: Buffer): boolean {
    const { open, transport } = this.#owner
    if (!open) return false
    const owed = this.#owed !== undefined
    this.#owed = payload
    if (owed) return false
    const waits = transport.bufferedBytes > PONG_HOLD_BYTES
    if (waits) void transport.drained().then(() => this.#sendOwed())
    else this.#sendOwed()
    return !waits
  }

  #sendOwed(): void {
    const payload = this.#owed
    this.#owed = undefined
    if (payload !== undefined && this.#owner.open) this.#owner.sendPong(payload)
  }
}

/** Delivers payloads one after another. While a callback is pending, only the newest of the later ones is kept. */
class NewestOnly {
  readonly #owner: PingPongOwner
  readonly #call: (payload: Buffer) => Promise<void> | undefined
  #delivering = false
  /** The payload of the newest one that has not been delivered. */
  #newest: Buffer | undefined

  constructor(owner: PingPongOwner, call: (payload: Buffer) => Promise<void> | undefined) {
    this.#owner = owner
    this.#call = call
  }

  push(payload: Buffer): void {
    if (!this.#owner.open) return
    this.#newest = payload
    this.#deliver()
  }

  #deliver(): void {
    const payload = this.#newest
    if (this.#delivering || payload === undefined || !this.#owner.open) return
    this.#newest = undefined
    const callback = this.#call(payload)
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
