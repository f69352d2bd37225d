import type { ConnectionPolicy, ConnectionWatch, RateLimit } from '../contracts/policy.ts'
import type { Transport } from '../contracts/transport.ts'
import type { ConnectionClosed } from '../errors.ts'
import { contained } from './contained.ts'
import { Pace } from './pace.ts'

/**
 * What the policies of one connection see of it, whoever reads it. What a watch throws or rejects with goes to
 * `failConnection`, and keeps none of the others from hearing.
 */
export class Watches {
  readonly #watches: readonly ConnectionWatch[]
  readonly #failed: (error: unknown) => void
  readonly #readPace: Pace | undefined
  readonly #throttle: (enabled: boolean) => void

  private constructor(
    transport: Transport,
    watches: readonly ConnectionWatch[],
    throttle: (enabled: boolean) => void,
  ) {
    this.#watches = watches
    this.#throttle = throttle
    this.#failed = (error) => transport.failConnection(error)
    const rates = watches.flatMap(({ readRate }) => readRate ?? [])
    if (rates.length > 0)
      this.#readPace = new Pace(rates, transport.reactor, () => throttle(false), this.#failed)
  }

  /**
   * Asks `policies` who watches the connection; undefined when nobody does.
   *
   * @param throttle Stops reading, and lets it go on, as the rates ask.
   */
  static over(
    transport: Transport,
    policies: readonly ConnectionPolicy[],
    throttle: (enabled: boolean) => void,
  ): Watches | undefined {
    const watches: ConnectionWatch[] = []
    const asked = (policy: ConnectionPolicy): void => {
      const watch = policy.accepted?.(transport)
      if (watch !== undefined) watches.push(watch)
    }
    // Those before one that fails have begun to count, and must hear of the end.
    for (const policy of policies)
      void contained(
        () => asked(policy),
        (error) => transport.failConnection(error),
      )
    return watches.length === 0 ? undefined : new Watches(transport, watches, throttle)
  }

  /** How fast bytes may go out. */
  get writeRates(): readonly RateLimit[] {
    return this.#watches.flatMap(({ writeRate }) => writeRate ?? [])
  }

  /** Bytes came in. */
  received(data: Buffer): void {
    this.#tell((watch) => watch.received?.(data))
    const pace = this.#readPace
    if (pace === undefined) return
    pace.passed(data.length)
    if (pace.available() > 0) return
    this.#throttle(true)
    pace.wait()
  }

  /** Bytes were queued. */
  written(parts: readonly (Uint8Array | string)[]): void {
    for (const part of parts) this.#tell((watch) => watch.written?.(part))
  }

  /** The connection is gone. */
  closed(reason: ConnectionClosed): void {
    this.#readPace?.stop()
    this.#tell((watch) => watch.closed?.(reason))
  }

  #tell(call: (watch: ConnectionWatch) => unknown): void {
    for (const watch of this.#watches) void contained(() => call(watch), this.#failed)
  }
}
