import { callable, type OptionRules } from '@ropewalk/core/options'
import type { Prepared } from '../connection/prepared-message.ts'
import type { WebSocketTransport } from '../connection/websocket-transport.ts'
import { closeSlow, SLOW_POLICY, type SlowPolicy } from './broadcast.ts'
import type { Gap, Publication, Subscriber } from './subscriber.ts'

/** How a WebSocket receives the publications of a topic. */
export interface DeliveryOptions {
  /**
   * What happens when it reads too slowly, that is, when a send has returned `queued`:
   *
   * - `skip` (the default): publications are skipped until enough was read, and then reported to `missed`.
   * - `close`: it is closed with 1013 (try again later) at the next publication.
   * - `queue`: publications are queued. When more than its option `maxQueuedBytes` wait, `whenFull` decides.
   */
  readonly slow?: SlowPolicy | undefined
  /** Called with what was skipped, once enough was read. */
  readonly missed?: ((gap: Gap) => void) | undefined
}

/**
 * What became of publications: the WebSocket has taken them, and the next ones are sent too; it has taken them, and
 * the next ones are skipped until it has drained; or it has not even taken these.
 */
export type Delivered = 'taken' | 'behind' | 'missed'

/** Sends each publication to a WebSocket as a message. */
export class WebSocketSubscriber implements Subscriber {
  readonly transport: WebSocketTransport
  readonly #slow: SlowPolicy
  readonly #missed: ((gap: Gap) => void) | undefined
  /** With the policy `close`: whether the next publication closes the connection. */
  #behind = false

  constructor(transport: WebSocketTransport, { slow = 'skip', missed }: DeliveryOptions) {
    this.transport = transport
    this.#slow = slow
    this.#missed = missed
  }

  received({ message }: Publication): boolean {
    return this.send(message) === 'taken'
  }

  /** Sends messages. */
  send(prepared: Prepared): Delivered {
    const { transport } = this
    if (this.#behind) {
      closeSlow(transport)
      return 'taken'
    }
    const status = transport.sendPrepared(prepared)
    // With a small `maxQueuedBytes` a message can be dropped before any was queued.
    if (status === 'sent' || !transport.open) return 'taken'
    if (this.#slow === 'close') {
      this.#behind = true
      void transport.drained().then(() => (this.#behind = false))
    }
    if (this.#slow !== 'skip') return 'taken'
    return status === 'queued' ? 'behind' : 'missed'
  }

  missed(gap: Gap): void {
    return this.#missed?.(gap)
  }

  drained(): Promise<boolean> {
    return this.transport.drained()
  }
}

/** The rules of DeliveryOptions. */
export const DELIVERY_RULES: OptionRules<DeliveryOptions> = { slow: SLOW_POLICY, missed: callable }
