import type { Address } from '../addresses.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { TLSContext, TLSSession } from '../interfaces/tls.ts'
import type { Transport } from '../interfaces/transport.ts'
import {
  type ConnectError,
  ConnectingCancelledError,
  type ConnectionClosed,
  NoProtocol,
  TLSHandshakeError,
} from '../errors.ts'
import { checkValue } from '../options/check-options.ts'
import { having } from '../options/option-rules.ts'
import { onAbort } from '../time/cancellable.ts'
import { buildProtocol, switchTo, refuseConnection, whenReady } from '../transport/build-protocol.ts'
import { AttemptFactory } from '../transport/forwarding-factory.ts'
import { TLSHandshakeProtocol } from '../transport/tls-layer.ts'
import { ClientTLS } from '../tls/client-tls.ts'
import { checkConnect, type ClientEndpoint, type ConnectOptions } from './client-endpoint.ts'

/**
 * Puts TLS over the connections of any endpoint; `connect` resolves after the handshake.
 *
 * @throws {TypeError} when `context` has no `secure`, or `endpoint` has no `connect`.
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
      const handshake = new HandshakeFactory(factory, contextForFactory)
      await endpoint.connect(handshake, options)
      const forget = onAbort(options.signal, () => handshake.cancel())
      try {
        return await handshake.whenConnected
      } finally {
        forget()
      }
    },
  }
}

/** Does the TLS handshake of one connection, then builds its protocol. */
class HandshakeFactory<P extends ProtocolEvents> extends AttemptFactory<TLSHandshakeProtocol, P> {
  /** Resolves with the protocol once it is ready. */
  readonly whenConnected: Promise<P>
  readonly #context: TLSContext
  #settle: { resolve(protocol: Promise<P>): void; reject(why: Error): void } | undefined
  #attempt: { readonly handshake: TLSHandshakeProtocol; readonly peer: Address } | undefined

  constructor(factory: ProtocolFactory<P>, context: TLSContext) {
    super(factory)
    this.#context = context
    this.whenConnected = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // No code awaits it yet when the connection itself cannot be made.
    this.whenConnected.catch(() => undefined)
  }

  override buildProtocol(peer: Address): TLSHandshakeProtocol {
    const handshake = new TLSHandshakeProtocol(this.#context, {
      completed: (transport, session) => this.#startProtocol(transport, session),
      failed: (transport, reason) => this.#settle?.reject(handshakeError(transport.getPeer(), reason)),
    })
    this.#attempt = { handshake, peer }
    return handshake
  }

  /** Cancels the attempt. */
  cancel(): void {
    if (this.#attempt === undefined) return
    const why = new ConnectingCancelledError(this.#attempt.peer, 'the attempt was cancelled')
    this.#settle?.reject(why)
    this.#attempt.handshake.abort(why)
  }

  #startProtocol(transport: Transport, session: TLSSession): void {
    const { reactor } = transport
    const peer = transport.getPeer()
    const protocol = buildProtocol(this.wrappedFactory, { peer, session, reactor })
    if (!(protocol instanceof NoProtocol)) {
      return this.#settle?.resolve(whenReady(switchTo(transport, protocol), peer))
    }
    this.#settle?.reject(protocol)
    refuseConnection(transport, protocol)
  }
}

function handshakeError(peer: Address, reason: ConnectionClosed): ConnectError {
  const why = reason.cause instanceof Error ? reason.cause : reason
  return new TLSHandshakeError(peer, why.message, why)
}
