import { formatAddress } from '../addresses.ts'
import type { ConnectionPolicy, ConnectionWatch } from '../interfaces/policy.ts'
import type { Transport } from '../interfaces/transport.ts'
import type { ConnectionClosed } from '../errors.ts'
import { checkValue } from '../options/check-options.ts'
import { callable } from '../options/option-rules.ts'

/** One event of a connection. */
export interface TrafficEntry {
  /** Milliseconds on the clock of `reactor.now()`. */
  readonly atMs: number
  /** The connection's id. */
  readonly connection: number
  readonly peer: string
  readonly what: 'accepted' | 'received' | 'written' | 'closed'
  /** The bytes, for `received` and `written`. */
  readonly data?: Buffer
  /** Why the connection ended, for `closed`. */
  readonly reason?: ConnectionClosed
}

/**
 * Calls `write` for everything received and written, and for the start and end; under TLS, with the decrypted bytes.
 */
export class TrafficLog implements ConnectionPolicy {
  readonly #write: (entry: TrafficEntry) => void

  /** @throws {TypeError} when `write` is not a function. */
  constructor(write: (entry: TrafficEntry) => void) {
    checkValue('TrafficLog', 'write', write, callable)
    this.#write = write
  }

  accepted(transport: Transport): ConnectionWatch {
    const log = (what: TrafficEntry['what'], more: Pick<TrafficEntry, 'data' | 'reason'> = {}): void =>
      this.#write({
        atMs: transport.reactor.now(),
        connection: transport.id,
        peer: formatAddress(transport.getPeer()),
        what,
        ...more,
      })
    log('accepted')
    return {
      received: (data) => log('received', { data: Buffer.from(data) }),
      written: (data) => log('written', { data: Buffer.from(data as Uint8Array) }),
      closed: (reason) => log('closed', { reason }),
    }
  }
}
