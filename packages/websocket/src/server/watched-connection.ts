import { CloseCode } from '../codec/close-frame.ts'
import { Deadline, randomFraction } from '@ropewalk/core/time'
import type { ChannelWatch, WatchedChannel } from '../connection/channel-watch.ts'
import type { WebSocketProtocol } from '../connection/websocket-protocol.ts'
import type { HeldBytes, Holder } from './held-bytes.ts'
import { MessageRate, type MessageRates } from './message-rate.ts'

/** The rules for the WebSockets of a resource, and what they share. */
export interface ConnectionRules extends MessageRates {
  readonly maxLifetimeMs: number
  readonly closeTimeoutMs: number
  /** Undefined when there is no budget. */
  readonly heldBytes: HeldBytes | undefined
  /** The protocols of the open WebSockets. */
  readonly connections: Set<WebSocketProtocol>
  /** Called once when an admitted connection is gone. */
  released(connection: WatchedConnection): void
}

/**
 * One WebSocket of a resource, from its admission, before the 101, to its end: holds its place among
 * `maxConnections`, and applies the rules of the resource to it.
 */
export class WatchedConnection implements ChannelWatch, Holder {
  readonly #rules: ConnectionRules
  /** Set before the 101. */
  protocol: WebSocketProtocol | undefined
  /** Whether the connection has been passed to a channel, which calls `lost`. */
  upgraded = false
  #gone = false
  #channel: WatchedChannel | undefined
  #rate: MessageRate | undefined
  /** The end of the lifetime, or after a refusal that of the closing handshake. */
  #deadline: Deadline | undefined
  countedBytes = 0
  /** What `close` was called with before the channel was opened. */
  #closeFrame: { readonly code: number; readonly reason: string } | undefined
  /** Called when the connection is gone. */
  #goneListeners: (() => void)[] | undefined

  constructor(rules: ConnectionRules) {
    this.#rules = rules
  }

  get tooFast(): boolean {
    return this.#rate?.tooFast === true
  }

  /** Whether the channel has been opened, and its connection is not gone. */
  get isOpen(): boolean {
    return this.#channel !== undefined
  }

  get heldBytes(): number {
    return this.#channel?.heldBytes ?? 0
  }

  opened(channel: WatchedChannel): void {
    const rules = this.#rules
    this.#channel = channel
    if (this.protocol !== undefined) rules.connections.add(this.protocol)
    if (this.#closeFrame !== undefined)
      void channel.closeAfterCallbacks(this.#closeFrame.code, this.#closeFrame.reason)
    this.#rate = MessageRate.for(rules, channel.reactor, () => channel.readOn())
    if (rules.maxLifetimeMs === Infinity) return
    this.#deadline = new Deadline(channel.reactor, () => this.#lifetimeOver())
    this.#deadline.set(rules.maxLifetimeMs * (1 - LIFETIME_SPREAD * randomFraction(channel.reactor)))
  }

  bytesRead(bytes: number, whole: boolean): void {
    this.#rate?.bytesRead(bytes, whole)
  }

  heldMore(): void {
    const { heldBytes } = this.#rules
    if (heldBytes !== undefined && this.#channel !== undefined && !this.#gone) heldBytes.count(this)
  }

  /**
   * Closes after pending callbacks; if the channel is not open yet, as soon as it is. Resolves when the connection is
   * gone, or the WebSocket does not open.
   */
  async close(code: number, reason: string): Promise<void> {
    if (this.#gone) return
    if (this.#channel === undefined) this.#closeFrame = { code, reason }
    else void this.#channel.closeAfterCallbacks(code, reason)
    await new Promise<void>((resolve) => (this.#goneListeners ??= []).push(resolve))
  }

  /** Closes with 1013; aborts if the queue before the close frame is not read in time. */
  refused(): void {
    const channel = this.#channel
    if (channel === undefined || !channel.open) return
    this.#deadline?.clear()
    this.#deadline = new Deadline(channel.reactor, () => channel.abort(new Error(TOO_MUCH_HELD)))
    this.#deadline.set(this.#rules.closeTimeoutMs)
    channel.close(CloseCode.tryAgainLater, TOO_MUCH_HELD)
  }

  /** The connection is gone, or the WebSocket does not open. A second call has no effect. */
  lost(): void {
    if (this.#gone) return
    this.#gone = true
    this.#rate?.stop()
    this.#deadline?.clear()
    const { connections, heldBytes } = this.#rules
    heldBytes?.forget(this)
    if (this.protocol !== undefined) connections.delete(this.protocol)
    this.#channel = undefined
    this.#rules.released(this)
    for (const gone of this.#goneListeners ?? []) gone()
  }

  #lifetimeOver(): void {
    void this.#channel?.closeAfterCallbacks(CloseCode.goingAway, LIFETIME_OVER)
  }
}

/** Clients that have connected together shall not all connect again together. */
const LIFETIME_SPREAD = 0.1
const LIFETIME_OVER = 'The longest lifetime of a connection is over; connect again'
const TOO_MUCH_HELD = 'The connections of this resource make the server hold too many bytes; try again later'
