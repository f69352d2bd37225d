import type { Role } from '../codec/frame-header.ts'

/** How both sides of a WebSocket compress, as its opening handshake agreed (RFC 7692 §7.1). */
export interface DeflateAgreement {
  /** The window of the server's compressor: 8 to 15, as a power of two. */
  readonly serverMaxWindowBits: number
  /** The window of the client's compressor. */
  readonly clientMaxWindowBits: number
  /** Whether the server's compressor may refer to earlier messages. */
  readonly serverContextTakeover: boolean
  /** Whether the client's compressor may refer to earlier messages. */
  readonly clientContextTakeover: boolean
}

/** How one side compresses. */
export interface DeflateDirection {
  readonly windowBits: number
  readonly contextTakeover: boolean
}

/** How the side with this role compresses. */
export function directionOf(agreement: DeflateAgreement, role: Role): DeflateDirection {
  return role === 'server'
    ? { windowBits: agreement.serverMaxWindowBits, contextTakeover: agreement.serverContextTakeover }
    : { windowBits: agreement.clientMaxWindowBits, contextTakeover: agreement.clientContextTakeover }
}

/**
 * Names the compressed form of a message that every WebSocket with the same key can send: a message for many is
 * compressed once for each key, without reference to earlier messages.
 *
 * A sender whose compressor refers to earlier messages must forget them when it sends such a message: the
 * receiver's window then has bytes that its compressor has not seen.
 *
 * @param role The side that sends.
 */
export function agreementKey(agreement: DeflateAgreement, role: Role): string {
  return `deflate-${directionOf(agreement, role).windowBits}`
}
