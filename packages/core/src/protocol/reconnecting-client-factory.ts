import { formatAddress } from '../addresses.ts'
import type { Connector, ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { DelayedCall, ReactorLog, ReactorRandom, ReactorTime } from '../interfaces/reactor.ts'
import { type ConnectionClosed, NotConnectingError } from '../errors.ts'
import { ClientFactory } from './factory.ts'
import { randomFraction } from '../time/backoff.ts'
import { checkValue } from '../options/check-options.ts'
import { WITH_REACTOR } from '../options/object-rules.ts'
import { count, milliseconds, type OptionRule, quantity } from '../options/option-rules.ts'

/** Whose time, randomness and log a factory uses. */
export interface ReconnectingClientFactoryOptions {
  readonly reactor: ReactorTime & ReactorRandom & ReactorLog
}

/**
 * A factory whose connector connects again, after ever longer waits, when a connection fails or is lost.
 *
 * Nothing tells it that a connection is a good one: call `resetDelay()` when it is, such as after a login.
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
  /** Longest wait, in milliseconds, before `jitter` is applied. */
  readonly maxDelayMs: number = 3_600_000
  /** What the waits grow from, in milliseconds: the first is this times `factor`. */
  readonly initialDelayMs: number = 1000
  /** How many times longer each wait is than the one before. */
  readonly factor: number = Math.E
  /** Standard deviation of a wait, as a fraction of it, so that many clients do not come at once; 0 for none. */
  readonly jitter: number = 0.119_626_564_72
  /** Most retries in a row; then it gives up. */
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

  /** How many times in a row it has tried again, or is about to. */
  get retries(): number {
    return this.#retries
  }

  /** @throws {TypeError | RangeError} for a field that is not the number it must be. */
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
   * Connects again after the next wait. Does nothing when it is about to, when it was told to stop
   * trying, or beyond `maxRetries`.
   *
   * @param connector Default: the one that was used last.
   * @throws {NotConnectingError} when there was none yet.
   * @throws {TypeError | RangeError} for a field that is not the number it must be.
   */
  retry(connector: Connector | undefined = this.#connector): void {
    this.#checkFields()
    if (connector === undefined) throw new NotConnectingError('Cannot retry: nothing has connected yet')
    this.#connector = connector
    // A call that is not active was forgotten by a reactor that stopped.
    if (this.#state.is === 'stopped' || (this.#state.is === 'waiting' && this.#state.call.active())) return
    if (this.#retries >= this.maxRetries) return this.#log(connector, 'Gave up after {retries} retries')
    this.#retries += 1
    const delayMs = this.#nextDelayMs()
    const call = this.#reactor.callLater(delayMs, () => {
      this.#state = TRYING
      connector.connect()
    })
    this.#state = { is: 'waiting', call }
    this.#log(connector, `Trying again in ${Math.round(delayMs)} ms`)
  }

  /** Tries no more: not after the attempt under way, which is given up, nor after the connection that is up. */
  stopTrying(): void {
    if (this.#state.is === 'waiting' && this.#state.call.active()) this.#state.call.cancel()
    this.#state = STOPPED
    if (this.#connector?.state === 'connecting') this.#connector.stopConnecting()
  }

  /** The connection is a good one: the waits and retries begin anew with the next, also after `stopTrying`. */
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

  #log(connector: Connector, text: string): void {
    const label = formatAddress(connector.getDestination())
    this.#reactor.log({ level: 'info', text, label, fields: { retries: this.#retries } })
  }
}

/** A random number around 0 with a standard deviation of 1 (Box and Muller's way). */
function normalVariate(reactor: ReactorRandom): number {
  const radius = Math.sqrt(-2 * Math.log(1 - randomFraction(reactor)))
  return radius * Math.cos(2 * Math.PI * randomFraction(reactor))
}

type State = { readonly is: 'trying' | 'stopped' } | { readonly is: 'waiting'; readonly call: DelayedCall }

const TRYING: State = { is: 'trying' }
const STOPPED: State = { is: 'stopped' }
/** Fields, which a subclass sets after the constructor. */
const FIELDS: Readonly<Record<string, OptionRule>> = {
  maxDelayMs: milliseconds({ endless: true }),
  initialDelayMs: milliseconds(),
  factor: quantity(),
  jitter: quantity(),
  maxRetries: count({ endless: true }),
}
