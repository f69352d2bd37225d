/** The end of a WebSocket, as the `close` event of the WHATWG standard. */
export class CloseEvent extends Event {
  /** The peer's close code; 1005 when its close frame had none, 1006 when no close frame arrived. */
  readonly code: number
  /** The reason in the peer's close frame. */
  readonly reason: string
  /** Whether both sides have sent a close frame. */
  readonly wasClean: boolean

  constructor(
    type: string,
    { code = 0, reason = '', wasClean = false }: { code?: number; reason?: string; wasClean?: boolean } = {},
  ) {
    super(type)
    this.code = code
    this.reason = reason
    this.wasClean = wasClean
  }
}

/** A WebSocket that could not be opened, or did not end with the close frames of both sides. */
export class ErrorEvent extends Event {
  readonly message: string
  /** What went wrong. Browsers do not reveal it. */
  readonly error: unknown

  constructor(type: string, { message = '', error }: { message?: string; error?: unknown } = {}) {
    super(type)
    this.message = message
    this.error = error
  }
}
