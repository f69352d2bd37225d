import type { Address } from '../addresses.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { ServerTLSOptions, TLSContext } from '../interfaces/tls.ts'
import { NoProtocol } from '../errors.ts'
import { buildProtocol, refuse } from '../transport/build-protocol.ts'
import { logConnection } from '../transport/connection-report.ts'
import { ForwardingFactory } from '../transport/forwarding-factory.ts'
import { TLSHandshakeProtocol } from '../transport/tls-opening.ts'
import { ServerTLS } from './server-tls.ts'

/**
 * Puts TLS under every connection of another factory, whose protocols are built once a handshake is done.
 * Unless `tls` says otherwise, the application protocols of that factory are offered.
 */
export class TLSFactory<P extends ProtocolEvents> extends ForwardingFactory<ProtocolEvents, P> {
  readonly #context: TLSContext

  /** @throws {TLSConfigurationError} when a certificate or key in the options cannot be used. */
  constructor(wrappedFactory: ProtocolFactory<P>, tls: TLSContext | ServerTLSOptions) {
    super(wrappedFactory)
    this.#context = ServerTLS.from(tls, wrappedFactory.acceptableProtocols)
  }

  override buildProtocol(_peer: Address): TLSHandshakeProtocol {
    return new TLSHandshakeProtocol(this.#context, {
      opened: (transport, session) => {
        const { reactor } = transport
        const protocol = buildProtocol(this.wrappedFactory, { peer: transport.getPeer(), session, reactor })
        if (protocol instanceof NoProtocol) refuse(transport, protocol)
        else transport.switchProtocol(protocol)
      },
      failed: (transport, reason, opening) => {
        // Every port scan ends here: worth knowing, not worth a line by default.
        const connection = logConnection(transport, opening)
        transport.reactor.log({ level: 'debug', text: 'A TLS handshake failed', connection, error: reason })
      },
    })
  }
}
