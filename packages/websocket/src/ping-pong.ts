import type { Transport } from '@ropewalk/core'

/** What pings and pongs need of their WebSocket. */
export interface PingPongOwner {
  readonly transport: Transport
  readonly open: boolean
  /** Sends a pong. */
  sendPong(payload: Buffer): void
  /** Calls the protocol. @returns a promise, which does not reject, while the callback is under way. */
  deliverPong(payload: Buffer): Promise<void> | undefined
}

/**
 * Sends a pong for each ping, and delivers pongs, also while messages are held back: both are control
 * frames, by which each side learns at once whether the other is there.
 *
 * Of several, the newest counts (RFC 6455 §5.5.3): older pings are not answered while the peer takes
 * little, older pongs not delivered while the callback for one is under way.
 */
export class PingPong {
  readonly #owner: PingPongOwner
  /** The payload of the newest ping that is not answered yet. */
  #owed: Buffer | undefined
  #delivering = false
  /** The newest pong that came during the callback for another. */
  #newest: Buffer | undefined

  constructor(owner: PingPongOwner) {
    this.#owner = owner
  }

  /** The peer has sent a ping. */
  pingReceived(payload: Buffer): void {
    const { open, transport } = this.#owner
    if (!open) return
    const owed = this.#owed !== undefined
    this.#owed = payload
    if (owed) return
    if (transport.bufferedBytes <= PONG_HOLD_BYTES) this.#pong()
    else void transport.drained().then(() => this.#pong())
  }

  /** The peer has sent a pong. */
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

/** With more than this unsent, a pong waits until some has left, and for newer pings. */
export const PONG_HOLD_BYTES = 16_384
