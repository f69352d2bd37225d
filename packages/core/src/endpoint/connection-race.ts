import type { Address } from '../addresses.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { ConnectTCPOptions, ReactorLog, ReactorTCP, ReactorTime } from '../interfaces/reactor.ts'
import type { Transport } from '../interfaces/transport.ts'
import { AllAddressesFailed, NoProtocol } from '../errors.ts'
import { AddressRace, type AttemptEvents } from '../transport/address-race.ts'
import { buildProtocol, refuse } from '../transport/build-protocol.ts'
import { AttemptFactory } from '../transport/forwarding-factory.ts'
import { giveConnection, type Made } from '../transport/when-made.ts'

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
