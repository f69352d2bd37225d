/** Longest wait for a handshake. */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000
/** The oldest version of TLS that is spoken. */
export const DEFAULT_MIN_VERSION = 'TLSv1.2'
