// When a WebSocket is taken for dead, and when it has waited long enough. One deadline serves all of it.
//
//     the peer sends nothing for pingIntervalMs ──▶ ping ── nothing for pongTimeoutMs ──▶ aborted
//                                        (and again, every pingIntervalMs)
//     a message has begun, and is not whole: frameTimeoutMs and 2 ms for each byte that arrives ──▶ 1008
//     no message in either direction for idleTimeoutMs ──▶ 1001
//
// The peer is not to blame for silence, nor for a message that is not whole, while this side reads nothing, because
// the protocol is behind; nor for silence while our output waits for it: then the transport limits the wait.

import { CloseCode } from '../codec/close-frame.ts'
import type { Transport } from '@ropewalk/core'
import type { DeadlineKeeper, DeadlinePlace, KeptDeadline } from '@ropewalk/core/reactor'
import { SilentPeerError, WebSocketError } from '../errors.ts'
import type { SendStatus } from './outbox.ts'
import { OwnPings } from './own-pings.ts'
import { PONG_HOLD_BYTES } from './ping-pong.ts'
import type { WebSocketOptions } from './websocket-options.ts'

/** The options of a Liveness. */
export type LivenessOptions = Pick<
  WebSocketOptions,
  'pingIntervalMs' | 'pongTimeoutMs' | 'idleTimeoutMs' | 'frameTimeoutMs'
>

/** The part of a WebSocket that a Liveness uses. */
export interface LivenessOwner {
  readonly transport: Transport
  /** Whether messages can be sent. */
  readonly open: boolean
  /** Whether nothing is read, because too much is held back. */
  readonly inputPaused: boolean
  /** Whether a callback is pending, or a message is held back. */
  readonly busy: boolean
  sendPing(payload: Uint8Array): SendStatus
  /** Begins the closing handshake. */
  close(code: number, reason: string): void
  /** Resets the connection. */
  abort(cause: SilentPeerError): void
  /** The peer has broken the rules. */
  violated(error: WebSocketError): void
}

/**
 * Notices a peer that is gone, a message that never becomes whole, and a WebSocket that nothing uses.
 *
 * It is the deadline itself, because every idle WebSocket has one.
 */
export class Liveness implements KeptDeadline {
  readonly #owner: LivenessOwner
  readonly #options: LivenessOptions
  readonly #clock: DeadlineKeeper
  /** Belongs to the keeper. */
  place: DeadlinePlace | undefined
  #dueMs = Infinity
  #pings: OwnPings | undefined
  /** When the silence of the peer began that counts, or the first ping since then was sent. */
  #sinceMs: number
  /** Whether a ping was sent, and nothing has arrived since. */
  #awaiting = false
  /** How long to wait after that ping. */
  #pongWaitMs = 0
  /** When the last ping was sent. */
  #pingedMs = 0
  /** What had been written when the peer last sent something: it may be reading what was written since. */
  #writtenBytes: number
  /** When the message that has begun must be whole, but for the time in which it is not read. */
  #messageDueMs = Infinity
  /** Since when the message that has begun is not read, because the protocol is behind. */
  #unreadSinceMs: number | undefined
  /** When the last message passed. */
  #messageMs: number

  /** Begins at once. The owner has its transport. */
  constructor(owner: LivenessOwner, options: LivenessOptions) {
    const { reactor, writtenBytes } = owner.transport
    this.#owner = owner
    this.#options = options
    this.#clock = reactor.deadlines
    this.#sinceMs = this.#messageMs = this.#clock.now()
    this.#writtenBytes = writtenBytes
    this.#arm()
  }

  /** When it must be looked at again. */
  get dueMs(): number {
    return this.#dueMs
  }

  /** Milliseconds between the newest ping of our own and its pong; undefined before the first pong. */
  get latencyMs(): number | undefined {
    return this.#pings?.latencyMs
  }

  /** The peer has sent bytes. */
  received(bytes: number): void {
    this.#silenceBegins()
    this.#writtenBytes = this.#owner.transport.writtenBytes
    if (this.#messageDueMs !== Infinity) this.#messageDueMs += bytes * MS_PER_BYTE
  }

  /** Nothing is read until `readingResumed`, because the protocol is behind. */
  protocolBehind(): void {
    this.#unreadSinceMs = this.#clock.now()
  }

  /** Reading has begun again: the time in which nothing was read does not count. */
  readingResumed(): void {
    this.#silenceBegins()
    if (this.#unreadSinceMs === undefined) return
    this.#messageDueMs += this.#clock.now() - this.#unreadSinceMs
    this.#unreadSinceMs = undefined
    if (this.#messageDueMs < this.#dueMs) this.#arm()
  }

  /** A message was received or sent. */
  messagePassed(): void {
    if (this.#options.idleTimeoutMs !== Infinity) this.#messageMs = this.#clock.now()
  }

  /** The message or frame that had begun is whole. */
  becameWhole(): void {
    this.#messageDueMs = Infinity
  }

  /** A part of a message or frame is left over from what has arrived: it may have begun long ago. */
  leftUnfinished(): void {
    if (this.#messageDueMs !== Infinity) return
    const nowMs = this.#clock.now()
    this.#messageDueMs = nowMs + this.#options.frameTimeoutMs
    if (this.#unreadSinceMs !== undefined) this.#unreadSinceMs = nowMs
    if (this.#messageDueMs < this.#dueMs) this.#arm()
  }

  /** Handles a pong; returns false when it does not reply to a ping of our own. */
  pongReceived(payload: Buffer): boolean {
    return this.#pings?.pongReceived(payload) ?? false
  }

  /** Measures the latency with a ping, one for all that ask meanwhile. */
  measureLatency(): Promise<number | undefined> {
    if (!this.#owner.open) return Promise.resolve(undefined)
    if (this.#pings?.measuring !== true) {
      this.#ping(this.#clock.now())
      this.#arm()
    }
    return this.#ownPings.measured()
  }

  /** Called by the reactor at `dueMs`. */
  expire(): void {
    this.#dueMs = Infinity
    if (!this.#owner.open) return
    const nowMs = this.#clock.now()
    if (nowMs >= this.#wholeDueMs) return this.#owner.violated(overdue(this.#options.frameTimeoutMs))
    if (nowMs >= this.#idleDueMs) {
      if (!this.#inUse)
        return this.#owner.close(CloseCode.goingAway, `No message for ${this.#options.idleTimeoutMs} ms`)
      this.#messageMs = nowMs
    }
    if (nowMs >= this.#silenceDueMs) this.#checkPeer(nowMs)
    if (this.#owner.open) this.#arm()
  }

  /** The connection is gone. */
  stop(): void {
    this.#dueMs = Infinity
    this.#clock.forget(this)
    this.#pings?.stop()
  }

  get #ownPings(): OwnPings {
    this.#pings ??= new OwnPings(this.#owner.transport.reactor)
    return this.#pings
  }

  #silenceBegins(): void {
    this.#sinceMs = this.#clock.now()
    if (!this.#awaiting) return
    this.#awaiting = false
    if (this.#silenceDueMs < this.#dueMs) this.#arm()
  }

  get #silenceDueMs(): number {
    const { pingIntervalMs } = this.#options
    if (!this.#awaiting) return this.#sinceMs + pingIntervalMs
    return Math.min(this.#sinceMs + this.#pongWaitMs, this.#pingedMs + pingIntervalMs)
  }

  get #wholeDueMs(): number {
    return this.#unreadSinceMs === undefined ? this.#messageDueMs : Infinity
  }

  get #idleDueMs(): number {
    return this.#messageMs + this.#options.idleTimeoutMs
  }

  #arm(): void {
    this.#dueMs = Math.min(this.#silenceDueMs, this.#wholeDueMs, this.#idleDueMs)
    this.#clock.keep(this)
  }

  /** Whether a message is under way, in a callback, or in our queue. */
  get #inUse(): boolean {
    const { busy, transport } = this.#owner
    return busy || transport.bufferedBytes > 0 || this.#messageDueMs !== Infinity
  }

  #checkPeer(nowMs: number): void {
    if (this.#owner.transport.bufferedBytes > PONG_HOLD_BYTES) {
      this.#sinceMs = nowMs
      this.#pingedMs = nowMs
    } else if (this.#owner.inputPaused) {
      // Nothing is read, but a proxy needs to see traffic.
      this.#ping(nowMs)
      this.#awaiting = false
    } else if (this.#awaiting && nowMs >= this.#sinceMs + this.#pongWaitMs) {
      this.#owner.abort(this.#silence)
    } else this.#ping(nowMs)
  }

  #ping(nowMs: number): void {
    if (!this.#awaiting && this.#options.pingIntervalMs !== Infinity) {
      const unreadBytes = Math.min(this.#owner.transport.writtenBytes - this.#writtenBytes, MAX_HIDDEN_BYTES)
      this.#pongWaitMs = Math.max(this.#options.pongTimeoutMs, unreadBytes / SLOWEST_BYTES_PER_MS)
      this.#sinceMs = nowMs
      this.#awaiting = true
    }
    this.#pingedMs = nowMs
    this.#owner.sendPing(this.#ownPings.next())
  }

  get #silence(): SilentPeerError {
    return new SilentPeerError(`The peer has sent nothing for ${this.#pongWaitMs} ms after a ping`)
  }
}

function overdue(frameTimeoutMs: number): WebSocketError {
  const text = `Cannot wait longer for a whole message than ${frameTimeoutMs} ms and the time for its bytes`
  return new WebSocketError('message-overdue', text)
}

/** A message that arrives at 500 bytes a second, as a body of HTTP must, is never cut off. */
const MS_PER_BYTE = 2
/**
 * A pong comes after the peer has read what was written before the ping. The slowest peer that is waited for reads
 * 2 000 bytes a second, and the system's send buffer hides at most 1.4 MB, as in docs/decisions/0013.
 */
const SLOWEST_BYTES_PER_MS = 2
const MAX_HIDDEN_BYTES = 1_400_000
