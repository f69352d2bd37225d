import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import { LocalProtocolError } from '../errors.ts'
import { checkValue } from '../options/check-options.ts'
import { CLIENT_ENDPOINT, PROTOCOL } from '../options/object-rules.ts'
import { Factory } from '../protocol/factory.ts'
import type { ClientEndpoint, ConnectOptions } from './client-endpoint.ts'

/**
 * Connects one protocol that is there already, for whoever needs no factory.
 *
 *     const client = await connectProtocol(new TCPClientEndpoint(reactor, '127.0.0.1', 80), new Client())
 *
 * @throws {TypeError} (rejects) for what is no endpoint or no protocol.
 * @throws {ConnectError} (rejects) when no connection could be made.
 */
export async function connectProtocol<P extends ProtocolEvents>(
  endpoint: ClientEndpoint,
  protocol: P,
  options: ConnectOptions = {},
): Promise<P> {
  checkValue('connectProtocol', 'endpoint', endpoint, CLIENT_ENDPOINT)
  checkValue('connectProtocol', 'protocol', protocol, PROTOCOL)
  return endpoint.connect(new OneConnection(protocol), options)
}

class OneConnection<P extends ProtocolEvents> extends Factory<P> {
  #protocol: P | undefined

  constructor(protocol: P) {
    super()
    this.#protocol = protocol
  }

  override buildProtocol(): P {
    const protocol = this.#protocol
    if (protocol === undefined) throw new LocalProtocolError('Cannot connect one protocol twice')
    this.#protocol = undefined
    return protocol
  }
}
