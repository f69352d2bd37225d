import type { Address } from '../contracts/address.ts'
import type { ConnectionPolicy } from '../contracts/policy.ts'
import type { ProtocolEvents, ProtocolFactory } from '../contracts/protocol-events.ts'
import type { TLSContext } from '../contracts/tls.ts'
import { type ConnectionClosed, NoProtocol, TLSHandshakeError } from '../errors.ts'
import { TLSOpening } from '../transport/tls-opening.ts'
import { ClientTLS } from '../tls/client-tls.ts'
import type { ClientEndpoint, ConnectOptions } from './client-endpoint.ts'

/** Puts TLS over the connections of any endpoint; `connect` resolves once the handshake is done. */
export function wrapClientTLS(context: TLSContext, endpoint: ClientEndpoint): ClientEndpoint {
  return {
    async connect<P extends ProtocolEvents>(
      factory: ProtocolFactory<P>,
      options: ConnectOptions = {},
    ): Promise<P> {
      const offering = ClientTLS.from(context, '', factory.acceptableProtocols)
      const opening = new OpeningFactory(factory, offering)
      const { signal } = options
      await endpoint.connect(opening, options)
      const giveUp = (): void => opening.abort(signal?.reason)
      signal?.addEventListener('abort', giveUp, { once: true })
      if (signal?.aborted) giveUp()
      try {
        return await opening.opened
      } finally {
        signal?.removeEventListener('abort', giveUp)
      }
    },
  }
}

/** Makes the handshake of one connection, then builds the protocol it is for. */
class OpeningFactory<P extends ProtocolEvents> implements ProtocolFactory<TLSOpening> {
  readonly opened: Promise<P>
  readonly #factory: ProtocolFactory<P>
  readonly #context: TLSContext
  #settle: { resolve(protocol: P): void; reject(why: Error): void } | undefined
  #opening: TLSOpening | undefined

  constructor(factory: ProtocolFactory<P>, context: TLSContext) {
    this.#factory = factory
    this.#context = context
    this.opened = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // Nobody listens yet when the connection itself cannot be made.
    this.opened.catch(() => undefined)
  }

  get policies(): readonly ConnectionPolicy[] | undefined {
    return this.#factory.policies
  }

  doStart(): unknown {
    return this.#factory.doStart()
  }

  doStop(): unknown {
    return this.#factory.doStop()
  }

  buildProtocol(_peer: Address): TLSOpening {
    this.#opening = new TLSOpening(this.#context, {
      opened: (transport, session) => {
        const peer = transport.getPeer()
        const protocol = this.#factory.buildProtocol(peer, session)
        if (protocol === undefined) {
          this.#settle?.reject(new NoProtocol(peer, 'its factory refused the connection'))
          return transport.loseConnection()
        }
        transport.switchProtocol(protocol)
        this.#settle?.resolve(protocol)
      },
      failed: (transport, reason) => this.#settle?.reject(handshakeError(transport.getPeer(), reason)),
    })
    return this.#opening
  }

  abort(reason: unknown): void {
    this.#opening?.abort(reason)
  }
}

function handshakeError(peer: Address, reason: ConnectionClosed): TLSHandshakeError {
  const why = reason.cause instanceof Error ? reason.cause : reason
  return new TLSHandshakeError(peer, why.message, why)
}
