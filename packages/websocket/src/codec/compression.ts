/**
 * Inflates the messages of a peer (RFC 7692 §7.2.2). It keeps the window between them if the peer does.
 */
export interface MessageInflater {
  /**
   * Inflates the next bytes of a message; returns everything that they yield. The caller owns the result.
   *
   * @param last Whether these are the last bytes of the message. The inflater adds 00 00 ff ff.
   * @param mostBytes Most bytes that may be returned.
   * @throws {WebSocketError} `message-too-large` beyond `mostBytes`; `invalid-compression` when the bytes are
   *   not DEFLATE, or the message ends within a block.
   */
  inflate(data: Uint8Array, last: boolean, mostBytes: number): Uint8Array
}

/** Deflates the messages that are sent (RFC 7692 §7.2.1). */
export interface MessageDeflater {
  /** Deflates one whole message; returns it without 00 00 ff ff at its end. The caller owns the result. */
  deflate(data: Uint8Array): Uint8Array
}

/**
 * The most bytes that a message of `messageBytes` bytes takes when compressed, also by a poor compressor.
 * Beyond it the peer sends blocks that yield nothing.
 */
export function mostCompressedBytes(messageBytes: number): number {
  return messageBytes + Math.ceil(messageBytes / 8) + 64
}
