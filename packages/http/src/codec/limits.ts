/** How much of everything a request may have (RFC 9112 §3, RFC 9110 §2.3). */
export interface HTTPLimits {
  /** Longest request line accepted, CRLF not counted. Beyond it: 414, in the method 501. Default 8 192. */
  readonly maxRequestLineBytes: number
  /** Most bytes of all header field lines and of the empty line after them, CRLFs included. Beyond it: 431. Default 16 384. */
  readonly maxHeadBytes: number
  /** Most header field lines; also most trailer lines. Beyond it: 431. Default 128. */
  readonly maxFieldCount: number
  /** Longest body. Beyond it: 413. Infinity for no limit. Default 1 MiB. */
  readonly maxBodyBytes: number
  /**
   * Most bytes of chunk extensions, and of needless zeros in sizes, in one message. Beyond it: 400.
   * Default 16 384.
   */
  readonly maxChunkExtensionBytes: number
  /** Most bytes of all trailer lines and of the empty line that ends every chunked body, CRLFs included. Beyond it: 431. Default 16 384. */
  readonly maxTrailerBytes: number
}

/** What is accepted unless told otherwise. */
export const DEFAULT_HTTP_LIMITS: HTTPLimits = {
  maxRequestLineBytes: 8_192,
  maxHeadBytes: 16_384,
  maxFieldCount: 128,
  maxBodyBytes: 1024 * 1024,
  maxChunkExtensionBytes: 16_384,
  maxTrailerBytes: 16_384,
}
