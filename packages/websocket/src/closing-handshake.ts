import type { ConnectionClosed } from '@ropewalk/core'
import type { CloseFrame } from './codec/close-frame.ts'
import type { WebSocketViolation } from './errors.ts'
import type { WebSocketClosed } from './websocket-connection.ts'

/** The closing handshake of one WebSocket: its state, and the close frames of both sides. */
export class ClosingHandshake {
  #state: ClosingState = 'open'
  #closedBy: WebSocketClosed['closedBy'] = 'neither'
  #received: CloseFrame | undefined
  #sent: CloseFrame | undefined
  #violation: WebSocketViolation | undefined

  /** The current state. */
  get state(): ClosingState {
    return this.#state
  }

  /** Which side's close frame came first; `neither` when there is none. */
  get closedBy(): WebSocketClosed['closedBy'] {
    return this.#closedBy
  }

  /** Records the peer's close frame. @throws {Error} for a second one. */
  received(frame: CloseFrame): void {
    if (this.#state === 'open') this.#closedBy = 'peer'
    this.#state = closingAfter(this.#state, 'close-received')
    this.#received = frame
  }

  /** Records that our close frame was written. @throws {Error} for a second one. */
  sent(frame: CloseFrame): void {
    if (this.#state === 'open') this.#closedBy = 'us'
    this.#state = closingAfter(this.#state, 'close-sent')
    this.#sent = frame
  }

  /** Records the violation by the peer for which our close frame is sent next. */
  violated(violation: WebSocketViolation): void {
    this.#violation = violation
  }

  /** Records the end of the connection; returns how the WebSocket ended. */
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
 * The states of the closing handshake (RFC 6455 §7.1.2, §7.1.3). Messages are sent and delivered only in
 * `open`; a close frame is sent in `open` and `closed-by-peer`.
 */
export type ClosingState = 'open' | 'closed-by-us' | 'closed-by-peer' | 'closed'
/** The events that change the state. */
export type ClosingEvent = 'close-sent' | 'close-received' | 'connection-lost'

/** The next state for each event. An event that is missing from a state cannot happen in it. */
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
  if (after === undefined) throw new Error(`Cannot handle the event ${event} in the closing state ${state}`)
  return after
}

/** RFC 6455 §7.4.1: the codes that stand for a close frame without a code, and for a missing close frame. */
const NO_STATUS = 1005
const ABNORMAL = 1006
