/** What has passed through a WebSocket since it opened. */
export interface Traffic {
  /** Whole messages received. */
  readonly messagesReceived: number
  /** Messages sent or queued. */
  readonly messagesSent: number
  /** Bytes of all frames received, with their headers, as they came: compressed, if messages are. */
  readonly bytesReceived: number
  /**
   * Bytes of all frames passed to the transport, with their headers, as they are sent. A message that waits for its
   * turn does not count yet.
   */
  readonly bytesSent: number
}

/** The traffic of a WebSocket that never opened. */
export const NO_TRAFFIC: Traffic = { messagesReceived: 0, messagesSent: 0, bytesReceived: 0, bytesSent: 0 }
