import type { ConnectionPolicy, ConnectionWatch, RateLimit } from '../interfaces/policy.ts'
import type { Transport } from '../interfaces/transport.ts'
import type { ConnectionClosed } from '../errors.ts'
import { callSafely, assertNotPromise } from '../safely.ts'
import type { Outbound } from './outbound.ts'
import { ConnectionRate } from './connection-rate.ts'

/**
 * What the policies of one connection see of it, whoever reads it. What a watch throws or rejects with goes to
 * `failConnection`, and keeps none of the others from hearing.
 */
export class PolicyWatches {
  readonly #transport: Transport
  readonly #watches: ConnectionWatch[] = []
  readonly #failed: (error: unknown) => void
  #readRate: ConnectionRate | undefined
  readonly #throttle: (enabled: boolean) => void

  /** @param throttle Stops reading, and lets it go on, as the rates ask. */
  constructor(transport: Transport, throttle: (enabled: boolean) => void) {
    this.#transport = transport
    this.#throttle = throttle
    this.#failed = (error) => transport.failConnection(error)
  }

  /**
   * Asks `policies` who watches the connection. What one of them writes meanwhile is seen by those before it.
   *
   * @returns whether anybody does.
   */
  ask(policies: readonly ConnectionPolicy[]): boolean {
    // Those before one that fails have begun to count, and must hear of the end.
    for (const policy of policies) void callSafely(() => this.#ask(policy), this.#failed)
    const rates = this.#watches.flatMap(({ readRate }) => readRate ?? [])
    if (rates.length > 0) this.#readRate = this.#rateOf(rates)
    return this.#watches.length > 0
  }

  /**
   * Applies the rates to `outbound`, and observes it if a watch asks for that.
   *
   * @param inContext Makes a call where callbacks of the connection run.
   */
  govern(outbound: Outbound, inContext: (call: () => unknown) => void): void {
    const rates = this.#watches.flatMap(({ writeRate }) => writeRate ?? [])
    if (rates.length > 0) outbound.limitRate(rates, this.#transport.reactor, this.#failed)
    if (!this.#watches.some((watch) => OUTPUT_EVENTS.some((name) => name in watch))) return
    const notify = (call: (watch: ConnectionWatch) => unknown): void => inContext(() => this.#call(call))
    outbound.observe({
      sent: () => notify((watch) => watch.sent?.()),
      heldUp: (forMs) => notify((watch) => watch.heldUp?.('sending', forMs)),
      ended: () => notify((watch) => watch.ended?.()),
    })
  }

  /** Bytes came in. */
  received(data: Buffer): void {
    this.#call((watch) => watch.received?.(data))
    const rate = this.#readRate
    if (rate === undefined) return
    rate.passed(data.length)
    if (rate.available() > 0) return
    this.#throttle(true)
    const forMs = rate.wait()
    this.#call((watch) => watch.heldUp?.('reading', forMs))
  }

  /** Bytes were queued. */
  written(parts: readonly (Uint8Array | string)[]): void {
    for (const part of parts) this.#call((watch) => watch.written?.(part))
  }

  /** The connection is gone. */
  closed(reason: ConnectionClosed): void {
    this.#readRate?.stop()
    this.#call((watch) => watch.closed?.(reason))
  }

  #ask(policy: ConnectionPolicy): void {
    const watch: unknown = policy.accepted?.(this.#transport) ?? undefined
    if (watch === undefined) return
    assertNotPromise(
      watch,
      'Cannot watch a connection with a promise: accepted is not async, and returns a watch',
    )
    if (typeof watch !== 'object')
      throw new TypeError(`Cannot watch a connection with a ${typeof watch}: accepted returns a watch`)
    // All its members are optional.
    this.#watches.push(watch as ConnectionWatch)
  }

  #rateOf(rates: readonly RateLimit[]): ConnectionRate {
    return new ConnectionRate(rates, this.#transport.reactor, () => this.#throttle(false), this.#failed)
  }

  #call(call: (watch: ConnectionWatch) => unknown): void {
    for (const watch of this.#watches) void callSafely(() => call(watch), this.#failed)
  }
}

const OUTPUT_EVENTS = ['sent', 'heldUp', 'ended']
