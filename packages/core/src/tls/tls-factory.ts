import type { Address } from '../contracts/address.ts'
import type { ConnectionPolicy } from '../contracts/policy.ts'
import type { ProtocolEvents, ProtocolFactory } from '../contracts/protocol-events.ts'
import type { ServerTLSOptions, TLSContext } from '../contracts/tls.ts'
import { logConnection } from '../transport/connection-report.ts'
import { TLSOpening } from '../transport/tls-opening.ts'
import { ServerTLS } from './server-tls.ts'

/**
 * Puts TLS under every connection of another factory, whose protocols are built once a handshake is done.
 * Unless `tls` says otherwise, the application protocols of that factory are offered.
 */
export class TLSFactory<P extends ProtocolEvents> implements ProtocolFactory {
  /** The factory under which TLS is put. */
  readonly wrappedFactory: ProtocolFactory<P>
  readonly #context: TLSContext

  /** @throws {TLSConfigurationError} when a certificate or key in the options cannot be used. */
  constructor(wrappedFactory: ProtocolFactory<P>, tls: TLSContext | ServerTLSOptions) {
    this.wrappedFactory = wrappedFactory
    this.#context = ServerTLS.from(tls, wrappedFactory.acceptableProtocols)
  }

  get policies(): readonly ConnectionPolicy[] | undefined {
    return this.wrappedFactory.policies
  }

  doStart(): unknown {
    return this.wrappedFactory.doStart()
  }

  doStop(): unknown {
    return this.wrappedFactory.doStop()
  }

  buildProtocol(_peer: Address): TLSOpening {
    return new TLSOpening(this.#context, {
      opened: (transport, session) => {
        const protocol = this.wrappedFactory.buildProtocol(transport.getPeer(), session)
        if (protocol === undefined) transport.loseConnection()
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
