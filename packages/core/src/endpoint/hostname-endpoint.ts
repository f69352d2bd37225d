import { type Address, tcpAddress } from '../addresses.ts'
import { AllAddressesFailed, ConnectingCancelledError, NoProtocol, TimeoutError } from '../errors.ts'
import { asciiHost, assertHostName } from '../hosts.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type {
  ConnectTCPOptions,
  ReactorLog,
  ReactorNames,
  ReactorTCP,
  ReactorTime,
} from '../interfaces/reactor.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { having, milliseconds, type OptionRule, type OptionRules } from '../options/option-rules.ts'
import { buildProtocol, giveConnection, type Made, refuse, whenMade } from '../transport/build-protocol.ts'
import {
  addressesOfName,
  AddressRace,
  type AttemptEvents,
  DEFAULT_ATTEMPT_DELAY_MS,
} from '../transport/dial-by-name.ts'
import { AttemptFactory } from '../transport/forwarding-factory.ts'
import { CONNECT_TCP_RULES, NODE_NAMES, PORT } from '../transport/transport-options.ts'
import { attemptFailure, checkConnect, type ClientEndpoint, type ConnectOptions } from './client-endpoint.ts'

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

/** Where the race is run. */
export interface RaceSetup {
  readonly reactor: ReactorTCP & ReactorTime & ReactorLog
  readonly port: number
  readonly attemptDelayMs: number
  readonly options: ConnectTCPOptions
  /** Where to, for errors. */
  readonly address: Address
}

/** Runs the race of an endpoint: its attempts are connections of the reactor, and the factory is asked for the winner. */
export class ConnectionRace<P extends ProtocolEvents> {
  readonly #setup: RaceSetup
  readonly #factory: ProtocolFactory<P>

  constructor(setup: RaceSetup, factory: ProtocolFactory<P>) {
    this.#setup = setup
    this.#factory = factory
  }

  /**
   * Tries `hosts` in this order, and gives the first connection to a protocol of the factory. Nothing of the losers is
   * left when it settles.
   *
   * @throws {unknown} (rejects) with the reason of `signal`, or why none of the connections could be made.
   */
  async run(hosts: readonly string[], signal: AbortSignal): Promise<Made<P>> {
    signal.throwIfAborted()
    const { reactor, attemptDelayMs, address } = this.#setup
    let giveUp = (): void => undefined
    try {
      const winner = await new Promise<Made<P>>((resolve, reject) => {
        const attempt = (host: string, events: AttemptEvents<Transport>): { cancel(): void } =>
          this.#attempt(host, events)
        const race = new AddressRace({ time: reactor, attemptDelayMs, attempt }, hosts, {
          won: (transport) => this.#give(transport, resolve, reject),
          lost: (errors) => reject(errors.length === 1 ? errors[0] : new AllAddressesFailed(address, errors)),
        })
        giveUp = () => {
          race.cancel()
          reject(signal.reason as Error)
        }
        signal.addEventListener('abort', giveUp, { once: true })
        race.begin()
      })
      return winner
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  #attempt(host: string, { up, failed }: AttemptEvents<Transport>): { cancel(): void } {
    const { reactor, port, options } = this.#setup
    let wanted = true
    // One that is up in the turn in which another has won is turned away.
    const entrant = new RaceFactory(this.#factory, (transport) =>
      wanted ? up(transport) : transport.abortConnection(),
    )
    const connector = reactor.connectTCP(host, port, entrant, options)
    connector.whenConnected().catch(failed)
    return {
      cancel: () => {
        wanted = false
        if (connector.state === 'connecting') connector.stopConnecting()
      },
    }
  }

  #give(transport: Transport, resolve: (made: Made<P>) => void, reject: (why: unknown) => void): void {
    const { reactor, address } = this.#setup
    const protocol = buildProtocol(this.#factory, { peer: transport.getPeer(), address, reactor })
    if (!(protocol instanceof NoProtocol)) return resolve(giveConnection(transport, protocol))
    refuse(transport, protocol)
    reject(protocol)
  }
}

/** Stands in for the factory in one attempt: which one wins is known only when its connection is up. */
class RaceFactory extends AttemptFactory {
  readonly #arrived: (transport: Transport) => void

  constructor(factory: ProtocolFactory, arrived: (transport: Transport) => void) {
    super(factory)
    this.#arrived = arrived
  }

  override buildProtocol(): ProtocolEvents {
    return {
      makeConnection: (transport) => this.#arrived(transport),
      dataReceived: () => undefined,
      connectionLost: () => undefined,
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
