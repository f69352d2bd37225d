import type { ConnectionClosed } from '@ropewalk/core'
import type { WebSocketViolation } from './errors.ts'
import type { WebSocketClosed } from './websocket-closed.ts'
import type { CloseFrame } from './codec/close-frame.ts'
import { closingAfter, type ClosingState } from './codec/closing.ts'

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

/** RFC 6455 §7.4.1: what stands for a close frame without a code, and for none. */
const NO_STATUS = 1005
const ABNORMAL = 1006
