import { type Address, formatAddress } from '../addresses.ts'
import type { Admission, ConnectionPolicy } from '../interfaces/policy.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { AcceptOptions } from '../interfaces/reactor.ts'
import type { Transport, TransportOptions } from '../interfaces/transport.ts'
import type { ConnectedWire } from '../interfaces/wire.ts'
import { NoProtocol } from '../errors.ts'
import { buildProtocol } from './build-protocol.ts'
import { assertNotPromise } from '../safely.ts'
import { diagnose } from './diagnostics.ts'
import type { Connection } from './connection.ts'
import { openConnection } from './stream-transport.ts'
import type { ConnectionRegistry } from './connection-registry.ts'
import { transportOptions } from './transport-options.ts'
import { AcceptQueue } from './accept-queue.ts'

/**
 * Connects accepted wires to protocols as far as the limits allow, and keeps the set of connections that are
 * up.
 */
export class Acceptor {
  readonly connections: Set<Transport> = new Set()
  /** Refused connections, to which an `overflow` protocol sends the reason. */
  readonly #refused = new Set<Transport>()
  readonly #registry: ConnectionRegistry
  readonly #factory: ProtocolFactory
  readonly #options: AcceptOptions
  /** Shared by all connections. */
  readonly #transportOptions: TransportOptions
  readonly #policies: readonly ConnectionPolicy[]
  readonly #queue: AcceptQueue
  /** Shared by all connections. */
  readonly #onLost = (_reason: unknown, { transport }: Connection): void => {
    if (!this.connections.delete(transport)) this.#refused.delete(transport)
  }

  constructor(registry: ConnectionRegistry, factory: ProtocolFactory, options: AcceptOptions = {}) {
    this.#registry = registry
    this.#factory = factory
    this.#options = options
    this.#transportOptions = transportOptions(options.transport)
    this.#policies = [...(options.policies ?? []), ...(factory.policies ?? [])]
    this.#queue = new AcceptQueue(registry, options, {
      admission: (peer) => this.#admission(peer),
      admitted: (accepted) => this.#connect(accepted),
      refused: (accepted) => this.#refuse(accepted),
    })
  }

  /** A connection was accepted by the operating system. */
  accept(accepted: ConnectedWire): void {
    this.#queue.enter(accepted)
  }

  /** Closes the connections that wait for admission. */
  close(): void {
    this.#queue.close()
  }

  #admission(peer: Address): Admission {
    const { maxConnections = Infinity } = this.#options
    if (this.connections.size >= maxConnections || !this.#registry.hasCapacity) return 'later'
    for (const policy of this.#policies) {
      const admission = this.#ask(policy, peer)
      if (admission !== 'now') return admission
    }
    return 'now'
  }

  /** If a policy throws, the connection waits, and is refused when its wait expires. */
  #ask(policy: ConnectionPolicy, peer: Address): Admission {
    try {
      return understood(policy.admits?.(peer) ?? 'now')
    } catch (error) {
      const text = 'A policy failed in admits; the connection waits'
      this.#registry.reactor.log({ level: 'error', text, label: formatAddress(peer), error })
      return 'later'
    }
  }

  #connect(accepted: ConnectedWire): void {
    const { reactor } = this.#registry
    const protocol = buildProtocol(this.#factory, { peer: accepted.peerAddress, reactor })
    if (protocol instanceof NoProtocol) return accepted.wire.close()
    this.#begin(accepted, protocol, this.connections, this.#policies)
  }

  #refuse(accepted: ConnectedWire): void {
    const { overflow } = this.#options
    const { reactor } = this.#registry
    // Connections with an overflow protocol do not count towards maxConnections, so their number has its own
    // bound.
    if (overflow === undefined || this.#refused.size >= MAX_REFUSED || !this.#registry.hasCapacity)
      return accepted.wire.close()
    const protocol = buildProtocol(overflow, { peer: accepted.peerAddress, reactor })
    if (protocol instanceof NoProtocol) return accepted.wire.close()
    // The overflow protocol can send the reason in makeConnection; the connection closes afterwards.
    this.#begin(accepted, protocol, this.#refused, []).loseConnection()
  }

  #begin(
    accepted: ConnectedWire,
    protocol: ProtocolEvents,
    among: Set<Transport>,
    policies: readonly ConnectionPolicy[],
  ): Transport {
    const { wire, localAddress, peerAddress } = accepted
    const connection = openConnection({
      registry: this.#registry,
      wire,
      localAddress,
      peerAddress,
      options: this.#transportOptions,
      onLost: this.#onLost,
    })
    const { transport } = connection
    among.add(transport)
    accepted.attach(connection)
    void connection.begin(protocol, policies)
    diagnose('ropewalk.accept', () => ({ transport, protocol }))
    return transport
  }
}

/** @throws {TypeError} when a policy returned anything else, such as a promise. */
function understood(admission: Admission): Admission {
  assertNotPromise(admission, `${NOT_UNDERSTOOD}, and not a promise: admits must not be async`)
  if (admission === 'now' || admission === 'later') return admission
  if (typeof admission === 'object' && Number.isFinite(admission.inMs)) return admission
  throw new TypeError(NOT_UNDERSTOOD)
}

const NOT_UNDERSTOOD = "Cannot use what admits of a policy returned: it must be 'now', 'later' or { inMs }"
const MAX_REFUSED = 64
