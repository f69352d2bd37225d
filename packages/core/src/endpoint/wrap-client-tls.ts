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
import { buildProtocol, giveConnection, refuse, whenMade } from '../transport/build-protocol.ts'
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
      const offering = ClientTLS.from(context, '', factory.acceptableProtocols)
      const opening = new HandshakeFactory(factory, offering)
      await endpoint.connect(opening, options)
      const forget = onAbort(options.signal, () => opening.giveUp())
      try {
        return await opening.opened
      } finally {
        forget()
      }
    },
  }
}

/** Does the TLS handshake of one connection, then builds its protocol. */
class HandshakeFactory<P extends ProtocolEvents> extends AttemptFactory<TLSHandshakeProtocol, P> {
  readonly opened: Promise<P>
  readonly #context: TLSContext
  #settle: { resolve(protocol: Promise<P>): void; reject(why: Error): void } | undefined
  #attempt: { readonly opening: TLSHandshakeProtocol; readonly peer: Address } | undefined

  constructor(factory: ProtocolFactory<P>, context: TLSContext) {
    super(factory)
    this.#context = context
    this.opened = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // No code awaits it yet when the connection itself cannot be made.
    this.opened.catch(() => undefined)
  }

  override buildProtocol(peer: Address): TLSHandshakeProtocol {
    const opening = new TLSHandshakeProtocol(this.#context, {
      opened: (transport, session) => this.#open(transport, session),
      failed: (transport, reason) => this.#settle?.reject(handshakeError(transport.getPeer(), reason)),
    })
    this.#attempt = { opening, peer }
    return opening
  }

  /** Cancels the attempt. */
  giveUp(): void {
    if (this.#attempt === undefined) return
    const why = new ConnectingCancelledError(this.#attempt.peer, 'the attempt was cancelled')
    this.#settle?.reject(why)
    this.#attempt.opening.abort(why)
  }

  #open(transport: Transport, session: TLSSession): void {
    const [peer, { reactor }] = [transport.getPeer(), transport]
    const protocol = buildProtocol(this.wrappedFactory, { peer, session, reactor })
    if (!(protocol instanceof NoProtocol)) {
      return this.#settle?.resolve(whenMade(giveConnection(transport, protocol), peer))
    }
    this.#settle?.reject(protocol)
    refuse(transport, protocol)
  }
}

function handshakeError(peer: Address, reason: ConnectionClosed): ConnectError {
  const why = reason.cause instanceof Error ? reason.cause : reason
  return new TLSHandshakeError(peer, why.message, why)
}
