import type { ConnectionPolicy, ConnectionWatch, RateLimit } from '../interfaces/policy.ts'
import type { Transport } from '../interfaces/transport.ts'
import type { ConnectionClosed } from '../errors.ts'
import { callSafely, assertNotPromise } from '../safely.ts'
import { ConnectionRate, type Outbound } from './outbound.ts'

/**
 * The watches of all policies of one connection. What a watch throws or rejects with goes to
 * `failConnection`; the other watches are called all the same.
 */
export class PolicyWatches {
  readonly #transport: Transport
  readonly #watches: ConnectionWatch[] = []
  readonly #failed: (error: unknown) => void
  #readRate: ConnectionRate | undefined
  readonly #throttle: (enabled: boolean) => void

  /**
   * @param throttle Called with true to stop reading, and with false to continue, as the read rates demand.
   */
  constructor(transport: Transport, throttle: (enabled: boolean) => void) {
    this.#transport = transport
    this.#throttle = throttle
    this.#failed = (error) => transport.failConnection(error)
  }

  /**
   * Calls `accepted` of `policies` and keeps the watches that they return. If a policy writes there, the
   * watches of the policies before it observe that.
   *
   * @returns whether there is a watch.
   */
  addWatchesOf(policies: readonly ConnectionPolicy[]): boolean {
    // If a policy fails, those before it keep their watches: they have counted the connection and need its
    // end.
    for (const policy of policies) void callSafely(() => this.#addWatchOf(policy), this.#failed)
    const rates = this.#watches.flatMap(({ readRate }) => readRate ?? [])
    if (rates.length > 0) this.#readRate = this.#rateOf(rates)
    return this.#watches.length > 0
  }

  /**
   * Applies the write rates to `outbound`, and observes it if a watch has a callback for output.
   *
   * @param inContext Makes a call in the connection's context.
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

  /** Bytes were received. */
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

  #addWatchOf(policy: ConnectionPolicy): void {
    const watch: unknown = policy.accepted?.(this.#transport) ?? undefined
    if (watch === undefined) return
    assertNotPromise(
      watch,
      'Cannot watch a connection with a promise: accepted must return a watch and not be async',
    )
    if (typeof watch !== 'object')
      throw new TypeError(`Cannot watch a connection with a ${typeof watch}: accepted must return a watch`)
    // The cast is safe: all members of a ConnectionWatch are optional.
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
