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
import { StreamTransport } from './stream-transport.ts'
import type { ConnectionRegistry } from './connection-registry.ts'
import { transportOptions } from './transport-options.ts'
import { AcceptQueue } from './accept-queue.ts'

/** Gives accepted wires their protocols, as far as the limits allow, and knows those that are up. */
export class Acceptor {
  readonly connections: Set<Transport> = new Set()
  /** Those that are told why they cannot stay. */
  readonly #refused = new Set<Transport>()
  readonly #registry: ConnectionRegistry
  readonly #factory: ProtocolFactory
  readonly #options: AcceptOptions
  /** One for all connections. */
  readonly #transportOptions: TransportOptions
  readonly #policies: readonly ConnectionPolicy[]
  readonly #queue: AcceptQueue
  /** One for all connections. */
  readonly #onLost = (_reason: unknown, transport: Transport): void => {
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

  /** A connection has come in. */
  accept(accepted: ConnectedWire): void {
    this.#queue.enter(accepted)
  }

  /** No more come in; those that wait are refused. */
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

  /** One that fails lets nobody in; who waits for it is refused in the end. */
  #ask(policy: ConnectionPolicy, peer: Address): Admission {
    try {
      return understood(policy.admits?.(peer) ?? 'now')
    } catch (error) {
      const text = 'A policy failed to answer; the connection waits'
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
    // Those who are told why count for no limit, so there must not be many of them.
    if (overflow === undefined || this.#refused.size >= MAX_REFUSED || !this.#registry.hasCapacity)
      return accepted.wire.close()
    const protocol = buildProtocol(overflow, { peer: accepted.peerAddress, reactor })
    if (protocol instanceof NoProtocol) return accepted.wire.close()
    // It can say why; it cannot stay.
    this.#begin(accepted, protocol, this.#refused, []).loseConnection()
  }

  #begin(
    accepted: ConnectedWire,
    protocol: ProtocolEvents,
    among: Set<Transport>,
    policies: readonly ConnectionPolicy[],
  ): StreamTransport {
    const { wire, localAddress, peerAddress } = accepted
    const transport = new StreamTransport({
      registry: this.#registry,
      wire,
      localAddress,
      peerAddress,
      options: this.#transportOptions,
      onLost: this.#onLost,
    })
    among.add(transport)
    accepted.attach(transport)
    transport.begin(protocol, policies)
    diagnose('ropewalk.accept', () => ({ transport, protocol }))
    return transport
  }
}

/** @throws {TypeError} when a policy has answered something else, such as a promise. */
function understood(admission: Admission): Admission {
  assertNotPromise(admission, `${NOT_UNDERSTOOD}, and no promise: admits is not async`)
  if (admission === 'now' || admission === 'later') return admission
  if (typeof admission === 'object' && Number.isFinite(admission.inMs)) return admission
  throw new TypeError(NOT_UNDERSTOOD)
}

const NOT_UNDERSTOOD = "Cannot understand a policy's answer: it must be 'now', 'later' or { inMs }"
const MAX_REFUSED = 64
