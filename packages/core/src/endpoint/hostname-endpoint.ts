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
import { anyText, having, milliseconds, type OptionRules } from '../options/option-rules.ts'
import { onAbort } from '../time/cancellable.ts'
import { addressesOfName, AddressRace, DEFAULT_ATTEMPT_DELAY_MS } from '../transport/dial-by-name.ts'
import {
  buildProtocol,
  switchTo,
  type StartedConnection,
  refuseConnection,
  whenReady,
} from '../transport/build-protocol.ts'
import { type ConnectAttempt, DEFAULT_TIMEOUT_MS, type DialEvents } from '../transport/stream-connector.ts'
import { AttemptFactory } from '../transport/forwarding-factory.ts'
import { CONNECT_TCP_RULES, NODE_NAMES, PORT } from '../transport/transport-options.ts'
import { attemptFailure, checkConnect, type ClientEndpoint, type ConnectOptions } from './client-endpoint.ts'

/** The options of a hostname endpoint. */
export interface HostnameEndpointOptions extends ConnectTCPOptions {
  /**
   * How long an attempt may take before the next address is tried in parallel, in milliseconds. Default 250.
   */
  readonly attemptDelayMs?: number | undefined
}

/**
 * A TCP port of a host with a name, which may have several addresses. They are tried in parallel, and the
 * first connection that is made wins (RFC 8305, "happy eyeballs").
 *
 * Addresses of both families alternate, each in the order of the lookup. The next address is tried when the
 * previous one has failed or has taken longer than `attemptDelayMs`. `timeoutMs` limits all attempts and the
 * lookup together.
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
    // For an empty string, `assertHostName` throws.
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
   * Connects; resolves with the protocol once its `connectionMade` has returned. `factory` builds one
   * protocol, for the connection that wins, and its callbacks about connectors are not called.
   *
   * @throws {ConnectError} (rejects): DNSLookupError when the host has no address, TimeoutError,
   *   ConnectingCancelledError, NoProtocol, or, when every attempt has failed, AllAddressesFailed or the
   *   error of the only attempt.
   */
  async connect<P extends ProtocolEvents>(
    factory: ProtocolFactory<P>,
    options: ConnectOptions = {},
  ): Promise<P> {
    checkConnect(factory, options)
    const address = tcpAddress(this.#host, this.#port)
    const {
      timeoutMs = DEFAULT_TIMEOUT_MS,
      attemptDelayMs = DEFAULT_ATTEMPT_DELAY_MS,
      ...others
    } = this.#options
    const stop = new AbortController()
    const late = (): void => stop.abort(new TimeoutError(address, `it took longer than ${timeoutMs} ms`))
    const deadline = this.#reactor.callLater(timeoutMs, late)
    let won: StartedConnection<P> | undefined
    const forget = onAbort(options.signal, () => {
      const why = new ConnectingCancelledError(address, 'the attempt was cancelled')
      if (won === undefined) stop.abort(why)
      else won.transport.abortConnection(why)
    })
    try {
      const hosts = await addressesOfName(this.#reactor, address, stop.signal, others.bindAddress)
      const race = new ConnectionRace(
        {
          reactor: this.#reactor,
          port: this.#port,
          attemptDelayMs,
          // The connector's own default must not end an attempt before this endpoint's deadline.
          options: { ...others, timeoutMs },
          address,
        },
        factory,
      )
      won = await race.run(hosts, stop.signal)
      // The connection was made in time. The deadline does not cover connectionMade.
      if (deadline.active()) deadline.cancel()
      return await whenReady(won, address)
    } catch (error) {
      throw attemptFailure(address, error)
    } finally {
      forget()
      if (deadline.active()) deadline.cancel()
    }
  }
}

/** The parameters of a race. */
export interface ConnectionRaceSetup {
  readonly reactor: ReactorTCP & ReactorTime & ReactorLog
  readonly port: number
  readonly attemptDelayMs: number
  readonly options: ConnectTCPOptions
  /** The destination, for errors. */
  readonly address: Address
}

/**
 * Runs the race of an endpoint: each attempt is a connection of the reactor; the factory builds a protocol
 * for the winner.
 */
export class ConnectionRace<P extends ProtocolEvents> {
  readonly #setup: ConnectionRaceSetup
  readonly #factory: ProtocolFactory<P>

  constructor(setup: ConnectionRaceSetup, factory: ProtocolFactory<P>) {
    this.#setup = setup
    this.#factory = factory
  }

  /**
   * Tries `hosts` in this order, and gives the first connection to a protocol of the factory. All other
   * attempts are cancelled when it settles.
   *
   * @throws {unknown} (rejects) with the reason of `signal`, or the error of the attempts when all have
   *   failed.
   */
  async run(hosts: readonly string[], signal: AbortSignal): Promise<StartedConnection<P>> {
    signal.throwIfAborted()
    const { reactor, attemptDelayMs, address } = this.#setup
    let forget = (): void => undefined
    try {
      const winner = await new Promise<StartedConnection<P>>((resolve, reject) => {
        const dial = (host: string, events: DialEvents<Transport>): ConnectAttempt => this.#dial(host, events)
        const race = new AddressRace({ time: reactor, attemptDelayMs, dial }, hosts, {
          won: (transport) => this.#giveToProtocol(transport, resolve, reject),
          allFailed: (errors) =>
            reject(errors.length === 1 ? errors[0] : new AllAddressesFailed(address, errors)),
        })
        forget = onAbort(signal, () => {
          race.cancel()
          reject(signal.reason as Error)
        })
        race.begin()
      })
      return winner
    } finally {
      forget()
    }
  }

  #dial(host: string, events: DialEvents<Transport>): ConnectAttempt {
    const { reactor, port, options } = this.#setup
    let wanted = true
    // A connection that is made in the same turn as the winner is aborted.
    const racing = new RaceFactory(this.#factory, (transport) =>
      wanted ? events.connected(transport) : transport.abortConnection(),
    )
    const connector = reactor.connectTCP(host, port, racing, options)
    connector.whenConnected().catch((why: Error) => events.failed(why))
    return {
      cancel: () => {
        wanted = false
        if (connector.state === 'connecting') connector.stopConnecting()
      },
    }
  }

  #giveToProtocol(
    transport: Transport,
    resolve: (started: StartedConnection<P>) => void,
    reject: (why: unknown) => void,
  ): void {
    const { reactor, address } = this.#setup
    const protocol = buildProtocol(this.#factory, { peer: transport.getPeer(), address, reactor })
    if (!(protocol instanceof NoProtocol)) return resolve(switchTo(transport, protocol))
    refuseConnection(transport, protocol)
    reject(protocol)
  }
}

/** Replaces the factory in one attempt: the winner is known only when its connection is made. */
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
