import type { Address } from '../addresses.ts'
import { ConnectingCancelledError, type ConnectionClosed, NoProtocol, TLSHandshakeError } from '../errors.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { TLSContext, TLSSession } from '../interfaces/tls.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkValue } from '../options/check-options.ts'
import { CLIENT_ENDPOINT } from '../options/object-rules.ts'
import { callable, having } from '../options/option-rules.ts'
import type { Protocol } from '../protocol/protocol.ts'
import { onAbort } from '../time/cancellable.ts'
import { ClientTLS } from '../tls/client-tls.ts'
import { buildProtocol, refuseConnection, switchTo, whenReady } from '../transport/build-protocol.ts'
import { AttemptFactory } from '../transport/forwarding-factory.ts'
import { TLSHandshakeProtocol } from '../transport/tls-layer.ts'
import { checkConnect, type ClientEndpoint, type ConnectOptions } from './client-endpoint.ts'

/** What a prelude calls when it is over: one of the two, once. A later call has no effect. */
export interface PreludeEvents {
  /**
   * The connection is ready: the factory builds its protocol, which receives `unread` first.
   *
   * @param unread The bytes that the prelude received but did not parse.
   * @param session That of TLS which the prelude has started.
   */
  finished(transport: Transport, unread?: Buffer, session?: TLSSession): void
  /** `connect` rejects with `why`. The prelude itself closes or aborts the connection. */
  failed(why: unknown): void
}

/**
 * Connects through `endpoint`. On the connection first runs a prelude, such as a request to a proxy, and then the
 * protocol of `factory`. For endpoints that stand in front of other endpoints; it settles as their `connect` does.
 *
 * @param prelude Returns the protocol of the prelude for one connection. `session` is given for a TLS connection.
 *   If the connection is lost, its `connectionLost` must call `failed`.
 * @throws {ConnectError} (rejects) as a ClientEndpoint does, or with what the prelude failed with.
 */
export async function connectWithPrelude<P extends ProtocolEvents>(
  endpoint: ClientEndpoint,
  factory: ProtocolFactory<P>,
  options: ConnectOptions,
  prelude: (events: PreludeEvents, session: TLSSession | undefined) => Protocol<unknown>,
): Promise<P> {
  checkValue('connectWithPrelude', 'endpoint', endpoint, CLIENT_ENDPOINT)
  checkValue('connectWithPrelude', 'prelude', prelude, callable)
  checkConnect(factory, options)
  const attempt = new PreludeFactory(factory, prelude)
  const { transport } = await endpoint.connect(attempt, options).catch((error: unknown) => {
    // The prelude knows better why the connection ended.
    throw attempt.failure ?? error
  })
  return attempt.connected(options.signal, (why) => transport.abortConnection(why))
}

/**
 * Puts TLS over the connections of any endpoint; `connect` resolves after the handshake.
 *
 * @throws {TypeError} when `context` has no `secure`, or `endpoint` has no `connect`.
 *
 * @example
 * ```ts
 * import { reactor } from '@ropewalk/core'
 * import { clientFromString, wrapClientTLS } from '@ropewalk/core/endpoints'
 * import { ClientTLS } from '@ropewalk/core/tls'
 *
 * const wire = clientFromString(reactor, 'unix:/run/server.sock')
 * export const endpoint = wrapClientTLS(new ClientTLS({ serverName: 'example.org' }), wire)
 * ```
 */
export function wrapClientTLS(context: TLSContext, endpoint: ClientEndpoint): ClientEndpoint {
  checkValue('wrapClientTLS', 'context', context, having('a ClientTLS', 'secure'))
  checkValue('wrapClientTLS', 'endpoint', endpoint, having('a client endpoint', 'connect'))
  return {
    async connect<P extends ProtocolEvents>(
      factory: ProtocolFactory<P>,
      options: ConnectOptions = {},
    ): Promise<P> {
      checkConnect(factory, options)
      // The host name is not used: a context has its own `serverName`.
      const contextForFactory = ClientTLS.from(context, '', factory.acceptableProtocols)
      const attempt = new PreludeFactory(factory, (events) => handshakeOf(contextForFactory, events))
      const handshake = await endpoint.connect(attempt, options)
      return attempt.connected(options.signal, (why) => handshake.abort(why))
    },
  }
}

function handshakeOf(context: TLSContext, events: PreludeEvents): TLSHandshakeProtocol {
  return new TLSHandshakeProtocol(context, {
    completed: (transport, session) => events.finished(transport, undefined, session),
    failed: (transport, reason) => events.failed(handshakeError(transport.getPeer(), reason)),
  })
}

function handshakeError(peer: Address, reason: ConnectionClosed): TLSHandshakeError {
  const why = reason.cause instanceof Error ? reason.cause : reason
  return new TLSHandshakeError(peer, why.message, why)
}

/** Makes the prelude of one connection. `session` is given for a TLS connection. */
type MakePrelude<F extends ProtocolEvents> = (events: PreludeEvents, session: TLSSession | undefined) => F

/** Runs the prelude of one connection, then builds its protocol. */
class PreludeFactory<F extends ProtocolEvents, P extends ProtocolEvents>
  extends AttemptFactory<F, P>
  implements PreludeEvents
{
  /** What the prelude failed with. */
  failure: unknown
  readonly #prelude: MakePrelude<F>
  readonly #connected: Promise<P>
  #settle: { resolve(protocol: Promise<P>): void; reject(why: unknown): void } | undefined
  #peer: Address | undefined

  constructor(factory: ProtocolFactory<P>, prelude: MakePrelude<F>) {
    super(factory)
    this.#prelude = prelude
    this.#connected = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // No code awaits it yet when the connection itself cannot be made.
    this.#connected.catch(() => undefined)
  }

  override buildProtocol(peer: Address, session?: TLSSession): F {
    this.#peer = peer
    return this.#prelude(this, session)
  }

  /**
   * Resolves with the protocol once it is ready. Called when the connection is made.
   *
   * @param abort Aborts the connection: the attempt was cancelled.
   */
  async connected(signal: AbortSignal | undefined, abort: (why: Error) => void): Promise<P> {
    const forget = onAbort(signal, () => {
      if (this.#peer === undefined) return
      const why = new ConnectingCancelledError(this.#peer, 'the attempt was cancelled')
      this.failed(why)
      abort(why)
    })
    try {
      return await this.#connected
    } finally {
      forget()
    }
  }

  finished(transport: Transport, unread?: Buffer, session?: TLSSession): void {
    const settle = this.#settled()
    if (settle === undefined) return
    const { reactor } = transport
    const peer = transport.getPeer()
    const protocol = buildProtocol(this.wrappedFactory, { peer, session, reactor })
    if (!(protocol instanceof NoProtocol)) {
      return settle.resolve(whenReady(switchTo(transport, protocol, unread), peer))
    }
    settle.reject(protocol)
    refuseConnection(transport, protocol)
  }

  failed(why: unknown): void {
    const settle = this.#settled()
    if (settle === undefined) return
    this.failure = why
    settle.reject(why)
  }

  #settled(): { resolve(protocol: Promise<P>): void; reject(why: unknown): void } | undefined {
    const settle = this.#settle
    this.#settle = undefined
    return settle
  }
}
