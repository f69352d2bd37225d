import type { ConnectionClosed } from '@ropewalk/core'
import type { CloseFrame } from './codec/close-frame.ts'
import type { WebSocketViolation } from './errors.ts'
import type { WebSocketClosed } from './websocket-connection.ts'

/** How far one WebSocket's closing handshake has come, and what both sides said in it. */
export class ClosingHandshake {
  #state: ClosingState = 'open'
  #closedBy: WebSocketClosed['closedBy'] = 'nobody'
  #received: CloseFrame | undefined
  #sent: CloseFrame | undefined
  #violation: WebSocketViolation | undefined

  /** How far it has come. */
  get state(): ClosingState {
    return this.#state
  }

  /** Whose close frame came first. */
  get closedBy(): WebSocketClosed['closedBy'] {
    return this.#closedBy
  }

  /** The peer's close frame came. @throws {Error} for a second one. */
  received(frame: CloseFrame): void {
    if (this.#state === 'open') this.#closedBy = 'peer'
    this.#state = closingAfter(this.#state, 'close-received')
    this.#received = frame
  }

  /** Our close frame was written. @throws {Error} for a second one. */
  sent(frame: CloseFrame): void {
    if (this.#state === 'open') this.#closedBy = 'us'
    this.#state = closingAfter(this.#state, 'close-sent')
    this.#sent = frame
  }

  /** The peer has broken the rules, for which our close frame follows. */
  violated(violation: WebSocketViolation): void {
    this.#violation = violation
  }

  /** The connection is gone: returns how it all ended. */
  lost(cause: ConnectionClosed): WebSocketClosed {
    const wasClean = this.#state === 'closed'
    this.#state = closingAfter(this.#state, 'connection-lost')
    const received = this.#received
    return {
      code: received === undefined ? ABNORMAL : codeOf(received),
      reason: received?.reason ?? '',
      closedBy: this.#closedBy,
      sentCode: this.#sent && codeOf(this.#sent),
      sentReason: this.#sent?.reason ?? '',
      violation: this.#violation,
      wasClean,
      cause,
    }
  }
}

function codeOf({ code }: CloseFrame): number {
  return code ?? NO_STATUS
}

/**
 * How far the closing handshake has come (RFC 6455 §7.1.2, §7.1.3). Messages are sent and delivered in
 * `open` alone; a close frame is sent in `open` and `closed-by-peer`.
 */
export type ClosingState = 'open' | 'closed-by-us' | 'closed-by-peer' | 'closed'
/** What moves it on. */
export type ClosingEvent = 'close-sent' | 'close-received' | 'connection-lost'

/** What may follow what. An event that a state does not name cannot happen in it. */
export const CLOSING: {
  readonly [state in ClosingState]: { readonly [event in ClosingEvent]?: ClosingState }
} = {
  open: { 'close-sent': 'closed-by-us', 'close-received': 'closed-by-peer', 'connection-lost': 'closed' },
  'closed-by-us': { 'close-received': 'closed', 'connection-lost': 'closed' },
  'closed-by-peer': { 'close-sent': 'closed', 'connection-lost': 'closed' },
  closed: { 'connection-lost': 'closed' },
}

/**
 * Returns the state after an event.
 *
 * @throws {Error} for an event that cannot happen in `state`: a second close frame of one side.
 */
export function closingAfter(state: ClosingState, event: ClosingEvent): ClosingState {
  const after = CLOSING[state][event]
  if (after === undefined)
    throw new Error(`Cannot follow ${event} in the state ${state} of a closing handshake`)
  return after
}

/** RFC 6455 §7.4.1: what stands for a close frame without a code, and for none. */
const NO_STATUS = 1005
const ABNORMAL = 1006
