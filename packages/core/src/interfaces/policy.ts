import type { ConnectionClosed } from '../errors.ts'
import type { Address } from '../addresses.ts'
import type { ProtocolFactory } from './protocol-events.ts'
import type { Transport } from './transport.ts'

/**
 * A rule over the connections of a port, a connector or several of them: a limit, a throttle, a recording.
 *
 * It belongs to the connection, not to its protocol, and stays in force after `switchProtocol`.
 */
export interface ConnectionPolicy {
  /**
   * Returns whether a connection from `peer` may be admitted now. Called before a protocol is built, and
   * again while the connection waits. It must not change any state, because another policy may still refuse.
   */
  admits?(peer: Address): Admission
  /**
   * A connection was accepted. Returns the watch that observes it, if any. Called before the protocol's
   * `makeConnection`.
   */
  accepted?(transport: Transport): ConnectionWatch | undefined
}

/**
 * When a connection is admitted: `now`; `later`, when another connection has closed; or after `inMs`
 * milliseconds. Until then it is accepted but unread. The port's `WaitingOptions` limit the wait.
 */
export type Admission = 'now' | 'later' | { readonly inMs: number }

/** A policy's callbacks for one connection. What one throws is logged and aborts the connection. */
export interface ConnectionWatch {
  /** Bytes were received and are about to be delivered. The watch must not change or keep them. */
  received?(data: Buffer): void
  /** Bytes were queued. The watch must not change or keep them. */
  written?(data: Uint8Array | string): void
  /** The operating system, or TLS, has accepted all bytes passed to it. */
  sent?(): void
  /**
   * Reading or sending makes no progress for up to `forMs` milliseconds, and the peer is not the cause: a
   * rate limit delays it, or the peer is reading bytes from the system's send buffer. For `sending`, the next
   * `sent` ends this.
   */
  heldUp?(what: 'reading' | 'sending', forMs: number): void
  /** Our FIN was sent, after all output. */
  ended?(): void
  /** The connection is gone. Called after the protocol's `connectionLost`. */
  closed?(reason: ConnectionClosed): void
  /** Limits how fast bytes are read. */
  readonly readRate?: RateLimit
  /** Limits how fast bytes are sent. */
  readonly writeRate?: RateLimit
}

/** A rate limit of one connection, or shared by several. */
export interface RateLimit {
  /** Returns how many bytes may pass now; 0 or less when none may. */
  available(nowMs: number): number
  /** Counts bytes that have passed. They may be more than were available: then the next ones wait longer. */
  take(bytes: number, nowMs: number): void
  /** Returns the milliseconds from now until at least one byte may pass. */
  waitMs(nowMs: number): number
}

/** How a port treats connections that are not admitted at once. */
export interface WaitingOptions {
  /** Most connections that wait, accepted but unread. Further ones are refused at once. Default 128. */
  readonly maxWaiting?: number | undefined
  /** Longest wait in milliseconds. Then the connection is refused. Default 5 000. */
  readonly maxWaitMs?: number | undefined
  /**
   * Builds the protocol that sends a refused client a reason and closes. Default: closed without sending
   * anything.
   */
  readonly overflow?: ProtocolFactory | undefined
}
