// WebSocketError    the peer broke RFC 6455 or a limit; thrown in codec/, caught once in the channel, which
//                   closes with `closeCode`
// IncompleteMessageError  passed to code that reads a message while it arrives
// RangeError        our caller passed a limit, close code, reason or ping out of range; thrown at the call
// SilentPeerError   the peer does not reply to pings; the cause of the ConnectionAborted
// TypeError         our caller passed a value of the wrong type; thrown at the call

/** Every way a peer can break the protocol, with its close code (RFC 6455 §7.4.1). */
export const CLOSE_CODE = {
  'reserved-bits': 1002,
  'reserved-opcode': 1002,
  'unexpected-mask': 1002,
  'missing-mask': 1002,
  'length-not-minimal': 1002,
  'length-out-of-range': 1002,
  'control-frame-too-long': 1002,
  'control-frame-fragmented': 1002,
  'unexpected-continuation': 1002,
  'expected-continuation': 1002,
  'malformed-close': 1002,
  'invalid-utf8': 1007,
  'invalid-compression': 1007,
  'too-many-fragments': 1008,
  'message-overdue': 1008,
  'message-too-large': 1009,
  'unacceptable-extension': 1010,
} as const

/** A way a peer can break the protocol. */
export type WebSocketViolation = keyof typeof CLOSE_CODE

/** The peer broke a rule of the WebSocket protocol, or exceeded a limit of this side. */
export class WebSocketError extends Error {
  override readonly name = 'WebSocketError'
  readonly violation: WebSocketViolation

  constructor(violation: WebSocketViolation, message: string) {
    super(message)
    this.violation = violation
  }

  /** The code of the close frame that this side sends. */
  get closeCode(): number {
    return CLOSE_CODE[this.violation]
  }
}

/** The peer has sent nothing for `pingIntervalMs`, and nothing for `pongTimeoutMs` after a ping. */
export class SilentPeerError extends Error {
  override readonly name = 'SilentPeerError'
}

/** A message ended before its last byte: the WebSocket has ended, or the rest of the message was discarded. */
export class IncompleteMessageError extends Error {
  override readonly name = 'IncompleteMessageError'
}
