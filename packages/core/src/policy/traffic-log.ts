import { formatAddress } from '../addresses.ts'
import type { ConnectionPolicy, ConnectionWatch } from '../interfaces/policy.ts'
import type { Transport } from '../interfaces/transport.ts'
import type { ConnectionClosed } from '../errors.ts'
import { checkValue } from '../options/check-options.ts'
import { callable } from '../options/option-rules.ts'

/** One thing that happened on a connection. */
export interface TrafficEntry {
  /** On the clock of `reactor.now()`. */
  readonly atMs: number
  /** The connection's id. */
  readonly connection: number
  readonly peer: string
  readonly what: 'accepted' | 'received' | 'written' | 'closed'
  /** The bytes, for `received` and `written`. */
  readonly data?: Buffer
  /** Why it ended, for `closed`. */
  readonly reason?: ConnectionClosed
}

/** Tells `write` of everything that comes and goes; under TLS, of what is protected. */
export class TrafficLog implements ConnectionPolicy {
  readonly #write: (entry: TrafficEntry) => void

  /** @throws {TypeError} when `write` is no function. */
  constructor(write: (entry: TrafficEntry) => void) {
    checkValue('TrafficLog', 'write', write, callable)
    this.#write = write
  }

  accepted(transport: Transport): ConnectionWatch {
    const tell = (what: TrafficEntry['what'], more: Pick<TrafficEntry, 'data' | 'reason'> = {}): void =>
      this.#write({
        atMs: transport.reactor.now(),
        connection: transport.id,
        peer: formatAddress(transport.getPeer()),
        what,
        ...more,
      })
    tell('accepted')
    return {
      received: (data) => tell('received', { data: Buffer.from(data) }),
      written: (data) => tell('written', { data: Buffer.from(data as Uint8Array) }),
      closed: (reason) => tell('closed', { reason }),
    }
  }
}
