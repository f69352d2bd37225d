import type { ConnectionClosed } from '../errors.ts'
import type { Address } from '../addresses.ts'
import type { ProtocolFactory } from './protocol-events.ts'
import type { Transport } from './transport.ts'

/**
 * A rule over the connections of a port, a connector or several of them: a limit, a throttle, a record.
 *
 * It belongs to the connection, not to its protocol, and goes on when protocols are switched.
 */
export interface ConnectionPolicy {
  /**
   * Whether another connection may come in now. Asked of every policy before a protocol is built;
   * must change nothing, because another policy may still say no.
   */
  admits?(peer: Address): Admission
  /** The connection has come in. Answers who watches it. Called before the protocol's `makeConnection`. */
  accepted?(transport: Transport): ConnectionWatch | undefined
}

/**
 * `now`; or `later`, when another connection has gone; or in some milliseconds. One that must wait is
 * accepted but unread; what becomes of it when it has waited too long is the port's `WaitingOptions`.
 */
export type Admission = 'now' | 'later' | { readonly inMs: number }

/** One policy's view of one connection. A throw is logged and aborts the connection. */
export interface ConnectionWatch {
  /** Bytes came in, and are about to be delivered. They must not be changed or kept. */
  received?(data: Buffer): void
  /** Bytes were queued. They must not be changed or kept. */
  written?(data: Uint8Array | string): void
  /** All that was handed to the operating system, or to TLS, has left for it. */
  sent?(): void
  /**
   * Nothing is read, or output does not leave, and for `forMs` from now that is no fault of the peer's: a rate holds it up,
   * or the operating system may hold what a steady peer takes meanwhile. Ends with the next `sent` where it is `sending`.
   */
  heldUp?(what: 'reading' | 'sending', forMs: number): void
  /** Our end was sent, after all output: nothing more leaves. */
  ended?(): void
  /** The connection is gone; its protocol knows. */
  closed?(reason: ConnectionClosed): void
  /** How fast bytes may come in. */
  readonly readRate?: RateLimit
  /** How fast bytes may go out. */
  readonly writeRate?: RateLimit
}

/** A rate that one connection keeps to, or several share. */
export interface RateLimit {
  /** Bytes that may pass now; 0 or less when none may. */
  available(nowMs: number): number
  /** Bytes have passed, perhaps more than were available: the debt is waited off. */
  take(bytes: number, nowMs: number): void
  /** Milliseconds from now until at least one byte may pass. */
  waitMs(nowMs: number): number
}

/** What a port does with connections that a policy does not admit at once. */
export interface WaitingOptions {
  /** Most connections that wait, accepted but unread; beyond it they are refused at once. Default 128. */
  readonly maxWaiting?: number | undefined
  /** Longest wait, in milliseconds; then the connection is refused. Default 5 000. */
  readonly maxWaitMs?: number | undefined
  /** Builds the protocol that tells a refused client so, and closes. Default: it is closed without a word. */
  readonly overflow?: ProtocolFactory | undefined
}
