import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { ReactorLog, ReactorRandom, ReactorTime } from '../interfaces/reactor.ts'
import type { Transport } from '../interfaces/transport.ts'
import type { ClientEndpoint, ConnectOptions } from '../endpoint/client-endpoint.ts'
import { ServiceStopped } from '../errors.ts'
import { checkOptions, checkOptionsOrInstance, checkValue } from '../options/check-options.ts'
import { callable, count, having, milliseconds, type OptionRules } from '../options/option-rules.ts'
import { ABORT_SIGNAL, CLIENT_ENDPOINT, FACTORY, WITH_REACTOR } from '../options/object-rules.ts'
import { tolerated } from '../safely.ts'
import { type Cancellable, onAbort, wait, whenAborted } from '../time/cancellable.ts'
import { sleep } from '../time/sleep.ts'
import { backoffPolicy, type RetryPolicy } from '../time/backoff.ts'
import { Service } from './service.ts'

/**
 * A protocol with a public transport, as every `Protocol` has: there the service sees the connection's end.
 */
export interface ConnectedProtocol {
  readonly transport: Pick<Transport, 'signal' | 'loseConnection'>
}

/** A factory of protocols that are not those of a transport, such as a `WebSocketClientFactory`. */
export interface ConnectionFactory<P> extends Pick<ProtocolFactory, 'doStart' | 'doStop'> {
  /** Called by the endpoint, with what it passes. */
  buildProtocol(...args: never): P | null | undefined | PromiseLike<P | null | undefined>
}

/** An endpoint for such factories, such as a `WebSocketClientEndpoint`. */
export interface ConnectionEndpoint<P> {
  /** Connects once, as a ClientEndpoint does. */
  connect(factory: ConnectionFactory<P>, options?: ConnectOptions): Promise<P>
}

/** The options of a client service. */
export interface ClientServiceOptions<P> {
  readonly reactor: ReactorTime & ReactorRandom & ReactorLog
  /**
   * Returns how long to wait before the next attempt, or undefined to stop trying: `whenConnected` and
   * `whenStopped` then reject with the error that it was called with. Default `backoffPolicy()`.
   */
  readonly retryPolicy?: RetryPolicy | undefined
  /**
   * Prepares a new connection, for example by logging in, before `whenConnected` resolves with it. A throw,
   * or a promise that rejects, closes the connection and counts as a failed attempt.
   */
  readonly prepareConnection?: ((protocol: P) => unknown) | undefined
  /** The default of `failAfterFailures` of `whenConnected`. */
  readonly failAfterFailures?: number | undefined
}

/** How long to wait for a connection. */
export interface WhenConnectedOptions extends Cancellable {
  /**
   * Rejects with the last error after this many failures from now on. Default: that of the service, else
   * never.
   */
  readonly failAfterFailures?: number | undefined
}

/**
 * Keeps one connection while it runs: connects, and connects again whenever an attempt fails or the
 * connection is lost, after the wait of its retry policy, which may also stop trying.
 *
 * A connection that lives shorter than the wait before it, or shorter than 10 s if that wait was longer,
 * counts as another failed attempt. So a server that accepts and closes at once is tried less and less often.
 *
 *     const feed = new ClientService(endpoint, Factory.forProtocol(Feed), { reactor })
 *     await feed.startService()
 *     const protocol = await feed.whenConnected()
 *
 * After a `switchProtocol` the service keeps the connection, whichever protocol is the current one.
 */
export class ClientService<P extends ConnectedProtocol> extends Service {
  readonly #endpoint: ConnectionEndpoint<P>
  readonly #factory: ConnectionFactory<P>
  readonly #options: ClientServiceOptions<P>
  readonly #waiters = new Set<Waiter<P>>()
  /** Called when the service has stopped or given up, with what `whenStopped` returns or throws. */
  #endWaiters: ((outcome: () => void) => void)[] = []
  #state: State<P> = NEW

  /**
   * @throws {TypeError | RangeError} when an argument or option is missing, or has a wrong name, type or
   * value.
   */
  constructor(
    endpoint: ClientEndpoint,
    factory: ProtocolFactory<P & ProtocolEvents>,
    options: ClientServiceOptions<P>,
  )
  constructor(
    endpoint: ConnectionEndpoint<NoInfer<P>>,
    factory: ConnectionFactory<P>,
    options: ClientServiceOptions<P>,
  )
  constructor(
    endpoint: ConnectionEndpoint<P>,
    factory: ConnectionFactory<P>,
    options: ClientServiceOptions<P>,
  ) {
    super()
    checkValue('ClientService', 'endpoint', endpoint, CLIENT_ENDPOINT)
    checkValue('ClientService', 'factory', factory, FACTORY)
    checkValue('ClientService', 'options', options, WITH_REACTOR)
    checkOptions('ClientService', options, RULES)
    this.#endpoint = endpoint
    this.#factory = factory
    this.#options = options
  }

  /**
   * Resolves with the protocol of the current connection, or of the next one. May be called before the start.
   *
   * @throws {ServiceStopped} (rejects) when the service is stopped. This rejection is never reported as
   *   unhandled, which would end the process.
   * @throws {unknown} (rejects) with the error of the last attempt after `failAfterFailures` or when the retry
   *   policy stops trying, or with the signal's reason.
   * @throws {TypeError | RangeError} (rejects) when `failAfterFailures` is not a whole number of 1 or more,
   *   or an option is unknown.
   */
  whenConnected(options: WhenConnectedOptions = {}): Promise<P> {
    const signal = options?.signal
    const isTolerated = (error: unknown): boolean =>
      error instanceof ServiceStopped || (signal?.aborted === true && error === signal.reason)
    return tolerated(this.#whenConnected(options), isTolerated)
  }

  /**
   * Resolves when the service is stopped and its connection is gone. May be called before the start.
   *
   * @throws {unknown} (rejects) with the error of the last attempt, or with which the connection was lost, when
   *   the retry policy stops trying.
   */
  async whenStopped(): Promise<void> {
    const state = this.#state
    if (state.is === 'stopped') return
    if (state.is === 'given up') throw state.error
    const outcome = await new Promise<() => void>((resolve) => this.#endWaiters.push(resolve))
    outcome()
  }

  /** Starts to connect, after a stop that is under way; does not wait for the connection. */
  override async startService(): Promise<void> {
    void super.startService()
    if (this.#state.is === 'stopping') await this.#state.ended
    if (!this.running || this.#state.is === 'trying' || this.#state.is === 'connected') return
    const stop = new AbortController()
    // In a later promise job, so that code of the factory that calls this service finds the state below.
    const ended = Promise.resolve().then(() => this.#keepConnected(stop.signal))
    this.#state = { is: 'trying', run: { stop, ended } }
  }

  /**
   * Closes the connection or cancels the attempt, and rejects all waits. Resolves when the connection is
   * gone.
   */
  override async stopService(): Promise<void> {
    void super.stopService()
    const state = this.#state
    if (state.is === 'stopping') return state.ended
    this.#state = STOPPED
    this.#settle(() => {
      throw stoppedService()
    })
    if (state.is !== 'trying' && state.is !== 'connected') return this.#ended(ignore)
    const ended = state.run.ended.then(() => {
      this.#state = STOPPED
      this.#ended(ignore)
    })
    this.#state = { is: 'stopping', ended }
    state.run.stop.abort()
    await ended
  }

  async #whenConnected(options: WhenConnectedOptions): Promise<P> {
    checkOptionsOrInstance('whenConnected', options, WHEN_CONNECTED_RULES)
    const { failAfterFailures = this.#options.failAfterFailures ?? Infinity, signal } = options
    signal?.throwIfAborted()
    const state = this.#state
    if (state.is === 'stopping' || state.is === 'stopped') throw stoppedService()
    if (state.is === 'given up') throw state.error
    // The transport may have lost the connection, and this service not be notified yet.
    if (state.is === 'connected' && !state.protocol.transport.signal.aborted) return state.protocol
    const outcome = await wait<() => P>({ signal }, (done) => {
      const waiter = { failuresLeft: failAfterFailures, done }
      this.#waiters.add(waiter)
      return () => this.#waiters.delete(waiter)
    })
    return outcome()
  }

  async #keepConnected(signal: AbortSignal): Promise<void> {
    let waitedMs = 0
    for (let failures = 1; !signal.aborted; failures++) {
      let why: unknown
      try {
        const end = await this.#connectOnce(signal)
        why = end.why
        if (end.livedMs >= Math.min(waitedMs, LONG_ENOUGH_MS)) failures = 1
      } catch (error) {
        why = error
        this.#failed(error)
      }
      if (signal.aborted) return
      const delayMs = this.#delayMsAfter(failures, why)
      // The policy may have stopped the service.
      if (signal.aborted) return
      if (delayMs === undefined) return this.#giveUp(why)
      await this.#pause(delayMs, why, signal)
      waitedMs = delayMs
    }
  }

  /**
   * One connection, from the attempt to its end.
   *
   * @returns why it ended, and how long it was ready for use.
   * @throws {unknown} (rejects) when it could not be made or prepared; it is gone by then.
   */
  async #connectOnce(signal: AbortSignal): Promise<{ readonly why: unknown; readonly livedMs: number }> {
    const { reactor } = this.#options
    const protocol = await this.#endpoint.connect(this.#factory, { signal })
    const { transport } = protocol
    const lost = whenAborted(transport.signal)
    const close = (): void => transport.loseConnection()
    const forget = onAbort(signal, close)
    try {
      // The endpoint may have connected in spite of the abort.
      signal.throwIfAborted()
      await Promise.race([this.#prepare(protocol), lost])
      transport.signal.throwIfAborted()
      this.#up(protocol)
      const readyMs = reactor.now()
      return { why: await lost, livedMs: reactor.now() - readyMs }
    } catch (error) {
      close()
      await lost
      throw error
    } finally {
      forget()
    }
  }

  async #prepare(protocol: P): Promise<void> {
    await this.#options.prepareConnection?.(protocol)
  }

  #up(protocol: P): void {
    const state = this.#state
    if (state.is !== 'trying') return
    this.#state = { is: 'connected', protocol, run: state.run }
    this.#settle(() => protocol)
  }

  #failed(error: unknown): void {
    for (const waiter of this.#waiters) {
      waiter.failuresLeft -= 1
      if (waiter.failuresLeft > 0) continue
      this.#waiters.delete(waiter)
      waiter.done(() => {
        throw error
      })
    }
  }

  async #pause(delayMs: number, why: unknown, signal: AbortSignal): Promise<void> {
    if (this.#state.is === 'connected') this.#state = { is: 'trying', run: this.#state.run }
    this.#log('Not connected: {why}. Trying again in {delayMs} ms', { why, delayMs: Math.round(delayMs) })
    await sleep(delayMs, { reactor: this.#options.reactor, signal }).catch(ignore)
  }

  /** @returns undefined when the policy stops trying. */
  #delayMsAfter(failures: number, why: unknown): number | undefined {
    const { reactor, retryPolicy = DEFAULT_RETRY_POLICY } = this.#options
    try {
      const delayMs = retryPolicy(failures, reactor, why)
      if (delayMs !== undefined) checkValue('ClientService', 'the result of retryPolicy', delayMs, DELAY)
      return delayMs
    } catch (error) {
      reactor.log({ level: 'error', text: 'A retry policy failed', label: this.name, error })
      return DEFAULT_RETRY_POLICY(failures, reactor)
    }
  }

  #giveUp(error: unknown): void {
    void super.stopService()
    this.#state = { is: 'given up', error }
    this.#log('Not connected: {why}. Not trying again', { why: error })
    const outcome = (): never => {
      throw error
    }
    this.#settle(outcome)
    this.#ended(outcome)
  }

  #log(text: string, { why, ...fields }: { readonly why: unknown; readonly delayMs?: number }): void {
    const shown = { why: why instanceof Error ? why.message : why, ...fields }
    this.#options.reactor.log({ level: 'info', text, fields: shown, label: this.name })
  }

  #settle(outcome: () => P): void {
    for (const waiter of this.#waiters) waiter.done(outcome)
    this.#waiters.clear()
  }

  #ended(outcome: () => void): void {
    const waiters = this.#endWaiters
    this.#endWaiters = []
    for (const done of waiters) done(outcome)
  }
}

function stoppedService(): ServiceStopped {
  return new ServiceStopped('Cannot wait for a connection: the client service was stopped')
}

function ignore(): void {}

interface Waiter<P> {
  failuresLeft: number
  /** Ends the wait with what `outcome` returns or throws. */
  readonly done: (outcome: () => P) => void
}

/** The work from a start to its stop. */
interface Run {
  readonly stop: AbortController
  readonly ended: Promise<void>
}

type State<P> =
  | { readonly is: 'new' | 'stopped' }
  /** Connecting, preparing a connection, or waiting for the next attempt. */
  | { readonly is: 'trying'; readonly run: Run }
  | { readonly is: 'connected'; readonly run: Run; readonly protocol: P }
  | { readonly is: 'stopping'; readonly ended: Promise<void> }
  /** The retry policy has stopped trying. */
  | { readonly is: 'given up'; readonly error: unknown }

const NEW: State<never> = { is: 'new' }
const STOPPED: State<never> = { is: 'stopped' }
/** A connection that lived this long is not a failed attempt, however long the wait before it. */
const LONG_ENOUGH_MS = 10_000
const FAILURES = count({ least: 1, endless: true })
const RULES: OptionRules<ClientServiceOptions<never>> = {
  reactor: having('a reactor', 'callLater'),
  retryPolicy: callable,
  prepareConnection: callable,
  failAfterFailures: FAILURES,
}
const WHEN_CONNECTED_RULES: OptionRules<WhenConnectedOptions> = {
  failAfterFailures: FAILURES,
  signal: ABORT_SIGNAL,
}
const DELAY = milliseconds()
const DEFAULT_RETRY_POLICY = backoffPolicy()
