import { tcpAddress } from '../addresses.ts'
import { asciiHost, assertHostName } from '../hosts.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type {
  ConnectTCPOptions,
  ReactorLog,
  ReactorNames,
  ReactorTCP,
  ReactorTime,
} from '../interfaces/reactor.ts'
import { ConnectingCancelledError, TimeoutError } from '../errors.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { having, milliseconds, type OptionRule, type OptionRules } from '../options/option-rules.ts'
import { DEFAULT_ATTEMPT_DELAY_MS } from '../transport/address-race.ts'
import { addressesOfName } from '../transport/addresses-of-name.ts'
import { CONNECT_TCP_RULES, NODE_NAMES, PORT } from '../transport/connection-rules.ts'
import { type Made, whenMade } from '../transport/when-made.ts'
import { attemptFailure } from './attempt-failure.ts'
import { checkConnect, type ClientEndpoint, type ConnectOptions } from './client-endpoint.ts'
import { ConnectionRace } from './connection-race.ts'

/** How a hostname endpoint connects. */
export interface HostnameEndpointOptions extends ConnectTCPOptions {
  /** How long an attempt may take until the next address is tried beside it, in milliseconds. Default 250. */
  readonly attemptDelayMs?: number | undefined
}

/**
 * A TCP port of a host with a name, which may have several addresses: they are tried beside each other, and the
 * first connection that is up wins (RFC 8305, "happy eyeballs").
 *
 * Addresses of both families alternate, in the order in which they were found. The next is tried when the one
 * before has failed, or has taken longer than `attemptDelayMs`. `timeoutMs` bounds all of it, the lookup included.
 */
export class HostnameEndpoint implements ClientEndpoint {
  readonly #reactor: ReactorTCP & ReactorNames & ReactorTime & ReactorLog
  readonly #host: string
  readonly #port: number
  readonly #options: HostnameEndpointOptions

  /** @throws {InvalidAddressError} when `host` can be neither a name nor an address. */
  constructor(
    reactor: ReactorTCP & ReactorNames & ReactorTime & ReactorLog,
    host: string,
    port: number,
    options: HostnameEndpointOptions = {},
  ) {
    checkValue('HostnameEndpoint', 'reactor', reactor, having('a reactor', 'connectTCP', 'lookup'))
    checkValue('HostnameEndpoint', 'host', host, anyText)
    const name = asciiHost(host)
    assertHostName(name)
    checkValue('HostnameEndpoint', 'port', port, PORT)
    checkOptions('HostnameEndpoint', options, RULES, NODE_NAMES)
    this.#reactor = reactor
    this.#host = name
    this.#port = port
    this.#options = options
  }

  /**
   * Connects; resolves with the protocol once its `connectionMade` has returned. `factory` builds one protocol, for the
   * connection that has won, and its callbacks about connectors are not called.
   *
   * @throws {ConnectError} (rejects): DNSLookupError without an address, TimeoutError, ConnectingCancelledError, NoProtocol,
   *   and when all addresses failed an AllAddressesFailed, or the one error of the only one.
   */
  async connect<P extends ProtocolEvents>(
    factory: ProtocolFactory<P>,
    options: ConnectOptions = {},
  ): Promise<P> {
    checkConnect(factory, options)
    const { signal } = options
    const address = tcpAddress(this.#host, this.#port)
    const {
      timeoutMs = DEFAULT_TIMEOUT_MS,
      attemptDelayMs = DEFAULT_ATTEMPT_DELAY_MS,
      ...others
    } = this.#options
    const stop = new AbortController()
    const late = (): void => stop.abort(new TimeoutError(address, `it took longer than ${timeoutMs} ms`))
    const deadline = this.#reactor.callLater(timeoutMs, late)
    let won: Made<P> | undefined
    const cancel = (): void => {
      const why = new ConnectingCancelledError(address, 'the attempt was cancelled')
      if (won === undefined) stop.abort(why)
      else won.transport.abortConnection(why)
    }
    signal?.addEventListener('abort', cancel, { once: true })
    if (signal?.aborted) cancel()
    try {
      const hosts = await addressesOfName(this.#reactor, address, stop.signal, others.bindAddress)
      const race = new ConnectionRace(
        { reactor: this.#reactor, port: this.#port, attemptDelayMs, options: others, address },
        factory,
      )
      won = await race.run(hosts, stop.signal)
      // The connection is there in time; how long its connectionMade takes is the protocol's business.
      if (deadline.active()) deadline.cancel()
      return await whenMade(won, address)
    } catch (error) {
      throw attemptFailure(address, error)
    } finally {
      signal?.removeEventListener('abort', cancel)
      if (deadline.active()) deadline.cancel()
    }
  }
}

const RULES: OptionRules<HostnameEndpointOptions> = {
  ...CONNECT_TCP_RULES,
  attemptDelayMs: milliseconds(),
}
const DEFAULT_TIMEOUT_MS = 30_000

/** An empty one is no name: what reads names refuses it. */
const anyText: OptionRule = (value) =>
  typeof value === 'string' ? undefined : { kind: 'type', wanted: 'a string' }
