import type { Address } from '../contracts/address.ts'
import type { Connector } from '../contracts/connector.ts'
import type { ConnectionPolicy } from '../contracts/policy.ts'
import type { ProtocolEvents, ProtocolFactory } from '../contracts/protocol-events.ts'
import type { ConnectTCPOptions, DelayedCall, ReactorTCP, ReactorTime } from '../contracts/reactor.ts'
import type { Transport } from '../contracts/transport.ts'
import { AllAddressesFailed, NoProtocol } from '../errors.ts'

/** Where the race is run. */
export interface RaceSetup {
  readonly reactor: ReactorTCP & ReactorTime
  readonly port: number
  readonly attemptDelayMs: number
  readonly options: ConnectTCPOptions
  /** Where to, for errors. */
  readonly address: Address
}

/** Connects to several addresses beside each other, and keeps the first connection that is up. */
export class ConnectionRace<P extends ProtocolEvents> {
  readonly #setup: RaceSetup
  readonly #factory: ProtocolFactory<P>
  readonly #running = new Set<Connector>()
  readonly #failures: Error[] = []
  #left: string[] = []
  #next: DelayedCall | undefined
  #settle: { readonly won: (protocol: P) => void; readonly lost: (why: unknown) => void } | undefined

  constructor(setup: RaceSetup, factory: ProtocolFactory<P>) {
    this.#setup = setup
    this.#factory = factory
  }

  /**
   * Tries `hosts` in this order. Nothing of the losers is left when it settles.
   *
   * @throws {unknown} (rejects) with the reason of `signal`, or why none of the connections could be made.
   */
  async run(hosts: readonly string[], signal: AbortSignal): Promise<P> {
    signal.throwIfAborted()
    this.#left = [...hosts]
    const giveUp = (): void => this.#end(() => this.#settle?.lost(signal.reason))
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      return await new Promise<P>((won, lost) => {
        this.#settle = { won, lost }
        this.#tryNext()
      })
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  #tryNext(): void {
    if (this.#next?.active()) this.#next.cancel()
    const host = this.#left.shift()
    if (host === undefined) return
    const { reactor, port, attemptDelayMs, options } = this.#setup
    const entrant = new Entrant(this.#factory, (transport) => this.#arrived(transport))
    const connector = reactor.connectTCP(host, port, entrant, options)
    this.#running.add(connector)
    connector.whenConnected().catch((error: Error) => this.#failed(connector, error))
    if (this.#left.length > 0) this.#next = reactor.callLater(attemptDelayMs, () => this.#tryNext())
  }

  /** The first wins; one that comes in the same turn is turned away. */
  #arrived(transport: Transport): void {
    if (this.#settle === undefined) return transport.abortConnection()
    const { won, lost } = this.#settle
    const peer = transport.getPeer()
    try {
      const protocol = this.#factory.buildProtocol(peer)
      if (protocol === undefined)
        throw new NoProtocol(this.#setup.address, 'its factory refused the connection')
      transport.switchProtocol(protocol)
      this.#end(() => won(protocol))
    } catch (error) {
      transport.abortConnection(error)
      this.#end(() => lost(error))
    }
  }

  #failed(connector: Connector, error: Error): void {
    if (!this.#running.delete(connector) || this.#settle === undefined) return
    this.#failures.push(error)
    if (this.#left.length > 0) return this.#tryNext()
    if (this.#running.size > 0) return
    const [only, ...more] = this.#failures
    const { address } = this.#setup
    this.#end(() =>
      this.#settle?.lost(more.length === 0 ? only : new AllAddressesFailed(address, this.#failures)),
    )
  }

  /** Gives the other attempts up. */
  #end(settle: () => void): void {
    settle()
    this.#settle = undefined
    this.#left = []
    if (this.#next?.active()) this.#next.cancel()
    for (const connector of this.#running) if (connector.state === 'connecting') connector.stopConnecting()
    this.#running.clear()
  }
}

/** Stands in for the factory in one attempt: which one wins is known only when its connection is up. */
class Entrant implements ProtocolFactory {
  readonly #factory: ProtocolFactory
  readonly #arrived: (transport: Transport) => void

  constructor(factory: ProtocolFactory, arrived: (transport: Transport) => void) {
    this.#factory = factory
    this.#arrived = arrived
  }

  get policies(): readonly ConnectionPolicy[] | undefined {
    return this.#factory.policies
  }

  doStart(): void | Promise<void> {
    return this.#factory.doStart()
  }

  doStop(): void | Promise<void> {
    return this.#factory.doStop()
  }

  buildProtocol(): ProtocolEvents {
    return {
      makeConnection: (transport) => this.#arrived(transport),
      dataReceived: () => undefined,
      connectionLost: () => undefined,
    }
  }
}
