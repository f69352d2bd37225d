/** What has passed through a WebSocket since it opened. */
export interface Traffic {
  /** Whole messages received. */
  readonly messagesReceived: number
  /** Messages sent or queued. */
  readonly messagesSent: number
  /** Bytes of all frames received, with their headers, as they came: compressed, if messages are. */
  readonly bytesReceived: number
  /** Bytes of all frames sent or queued, with their headers, as they are sent. */
  readonly bytesSent: number
}

/** The traffic of a WebSocket that never opened. */
export const NO_TRAFFIC: Traffic = { messagesReceived: 0, messagesSent: 0, bytesReceived: 0, bytesSent: 0 }
