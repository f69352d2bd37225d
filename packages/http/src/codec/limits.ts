/** The limits of a request's parts (RFC 9112 §3, RFC 9110 §2.3). */
export interface HTTPLimits {
  /**
   * Longest request line in bytes, CRLF not counted. Beyond it: 414; 501 when it is the method. Default 8
   * 192.
   */
  readonly maxRequestLineBytes: number
  /**
   * Most bytes of all header field lines and of the empty line after them, CRLFs included. Beyond it: 431.
   * Default 16 384.
   */
  readonly maxHeadBytes: number
  /** Most header field lines; also most trailer lines. Beyond it: 431. Default 128. */
  readonly maxFieldCount: number
  /**
   * Longest body in bytes. Beyond it: 413, when the body is read. Infinity for no limit. `limitBody` of a
   * request replaces it. Default 1 MiB.
   */
  readonly maxBodyBytes: number
  /**
   * Most bytes of chunk extensions, and of unnecessary zeros in sizes, in one message. Beyond it: 400.
   * Default 16 384.
   */
  readonly maxChunkExtensionBytes: number
  /**
   * Most bytes of all trailer lines and of the empty line that ends every chunked body, CRLFs included.
   * Beyond it: 431. Default 16 384.
   */
  readonly maxTrailerBytes: number
}

/** The limits of a channel without options. */
export const DEFAULT_HTTP_LIMITS: HTTPLimits = {
  maxRequestLineBytes: 8_192,
  maxHeadBytes: 16_384,
  maxFieldCount: 128,
  maxBodyBytes: 1024 * 1024,
  maxChunkExtensionBytes: 16_384,
  maxTrailerBytes: 16_384,
}

/** The limits of the parts of a response that a client reads (RFC 9112 §4, RFC 9110 §2.3). */
export interface ResponseLimits extends Pick<
  HTTPLimits,
  'maxHeadBytes' | 'maxFieldCount' | 'maxChunkExtensionBytes' | 'maxTrailerBytes'
> {
  /** Longest status line in bytes, CRLF not counted. */
  readonly maxStatusLineBytes: number
  /** Most responses with 1xx, except 101, before the final one. */
  readonly maxInterimResponses: number
}

/** The limits of the clients in this package, and of WebSockets. */
export const RESPONSE_LIMITS: ResponseLimits = {
  maxStatusLineBytes: 4_096,
  maxHeadBytes: 16_384,
  maxFieldCount: 100,
  maxInterimResponses: 16,
  maxChunkExtensionBytes: 16_384,
  maxTrailerBytes: 16_384,
}
