import { formatAddress } from '../addresses.ts'
import type { Connector, ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { LogFields } from '../interfaces/log.ts'
import type { DelayedCall, ReactorLog, ReactorRandom, ReactorTime } from '../interfaces/reactor.ts'
import { type ConnectionClosed, NotConnectingError } from '../errors.ts'
import { ClientFactory } from './factory.ts'
import { randomFraction } from '../time/backoff.ts'
import { checkValue } from '../options/check-options.ts'
import { WITH_REACTOR } from '../options/object-rules.ts'
import { count, milliseconds, type OptionRule, quantity } from '../options/option-rules.ts'

/** The reactor that gives a factory its time, randomness and log. */
export interface ReconnectingClientFactoryOptions {
  readonly reactor: ReactorTime & ReactorRandom & ReactorLog
}

/**
 * A factory that makes its connector connect again, after increasing delays, when a connection fails or is lost.
 *
 * The factory cannot know that a connection works: call `resetDelay()` when it does, such as after a login.
 * A `ClientService` does more, and is easier to stop.
 *
 *     class Feed extends ReconnectingClientFactory {
 *       override readonly maxDelayMs = 30_000
 *       override buildProtocol() { return new FeedProtocol() }
 *     }
 *     reactor.connectTCP('127.0.0.1', 80, new Feed({ reactor }))
 */
export abstract class ReconnectingClientFactory<
  P extends ProtocolEvents = ProtocolEvents,
> extends ClientFactory<P> {
  /** Longest delay, in milliseconds, before `jitter` is applied. */
  readonly maxDelayMs: number = 3_600_000
  /** The first delay is this number of milliseconds times `factor`; each later one is the last one times `factor`. */
  readonly initialDelayMs: number = 1000
  /** How many times longer each delay is than the one before. */
  readonly factor: number = Math.E
  /** Standard deviation of a delay, as a fraction of it, so that clients do not reconnect all at once; 0 for none. */
  readonly jitter: number = 0.119_626_564_72
  /** Most retries in a row; after them the factory gives up. */
  readonly maxRetries: number = Infinity
  readonly #reactor: ReactorTime & ReactorRandom & ReactorLog
  #state: State = TRYING
  #connector: Connector | undefined
  #retries = 0
  #delayMs: number | undefined

  /** @throws {TypeError} without a reactor. */
  constructor(options: ReconnectingClientFactoryOptions) {
    super()
    checkValue('ReconnectingClientFactory', 'options', options, WITH_REACTOR)
    this.#reactor = options.reactor
  }

  /** The number of retries in a row, a scheduled one included. */
  get retries(): number {
    return this.#retries
  }

  /** @throws {TypeError | RangeError} when a field is not a valid number. */
  override doStart(): unknown {
    this.#checkFields()
    return super.doStart()
  }

  override startedConnecting(connector: Connector): void {
    this.#connector = connector
  }

  override clientConnectionFailed(connector: Connector, _reason: Error): void {
    this.retry(connector)
  }

  override clientConnectionLost(connector: Connector, _reason: ConnectionClosed): void {
    this.retry(connector)
  }

  /**
   * Connects again after the next delay. Does nothing after `stopTrying`, or when a retry is scheduled already; after
   * `maxRetries` it only logs that it gives up.
   *
   * @param connector Default: the connector used last.
   * @throws {NotConnectingError} when no connector has been used yet.
   * @throws {TypeError | RangeError} when a field is not a valid number.
   */
  retry(connector: Connector | undefined = this.#connector): void {
    this.#checkFields()
    if (connector === undefined) throw new NotConnectingError('Cannot retry: nothing has connected yet')
    this.#connector = connector
    // A scheduled call that is not active was cancelled by a stop of the reactor.
    if (this.#state.is === 'stopped' || (this.#state.is === 'waiting' && this.#state.call.active())) return
    if (this.#retries >= this.maxRetries)
      return this.#log(connector, 'Gave up after {retries} retries', { retries: this.#retries })
    this.#retries += 1
    const delayMs = this.#nextDelayMs()
    const call = this.#reactor.callLater(delayMs, () => {
      this.#state = TRYING
      connector.connect()
    })
    this.#state = { is: 'waiting', call }
    this.#log(connector, 'Trying again in {delayMs} ms', {
      delayMs: Math.round(delayMs),
      retries: this.#retries,
    })
  }

  /** Stops reconnecting. Cancels a scheduled retry and an attempt under way; an established connection stays up. */
  stopTrying(): void {
    if (this.#state.is === 'waiting' && this.#state.call.active()) this.#state.call.cancel()
    this.#state = STOPPED
    if (this.#connector?.state === 'connecting') this.#connector.stopConnecting()
  }

  /**
   * Starts the delays and the count of retries anew, for a connection that works; also ends the effect of
   * `stopTrying`.
   */
  resetDelay(): void {
    this.#delayMs = undefined
    this.#retries = 0
    if (this.#state.is === 'stopped') this.#state = TRYING
  }

  #checkFields(): void {
    for (const [name, rule] of Object.entries(FIELDS))
      checkValue(this.constructor.name, name, Reflect.get(this, name), rule)
  }

  #nextDelayMs(): number {
    const delayMs = Math.min((this.#delayMs ?? this.initialDelayMs) * this.factor, this.maxDelayMs)
    this.#delayMs = Math.max(0, delayMs * (1 + this.jitter * normalVariate(this.#reactor)))
    return this.#delayMs
  }

  #log(connector: Connector, text: string, fields: LogFields): void {
    const label = formatAddress(connector.getDestination())
    this.#reactor.log({ level: 'info', text, label, fields })
  }
}

/** Returns a normally distributed number, mean 0, standard deviation 1 (Box-Muller transform). */
function normalVariate(reactor: ReactorRandom): number {
  const radius = Math.sqrt(-2 * Math.log(1 - randomFraction(reactor)))
  return radius * Math.cos(2 * Math.PI * randomFraction(reactor))
}

type State = { readonly is: 'trying' | 'stopped' } | { readonly is: 'waiting'; readonly call: DelayedCall }

const TRYING: State = { is: 'trying' }
const STOPPED: State = { is: 'stopped' }
/** Fields are checked at use: a subclass sets them after this class's constructor has run. */
const FIELDS: Readonly<Record<string, OptionRule>> = {
  maxDelayMs: milliseconds({ endless: true }),
  initialDelayMs: milliseconds(),
  factor: quantity(),
  jitter: quantity(),
  maxRetries: count({ endless: true }),
}
