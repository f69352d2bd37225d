import { ClientFactory, type ProtocolEvents } from '../src/index.ts'

/** A factory that always returns the given protocol. */
export class OneProtocol<P extends ProtocolEvents> extends ClientFactory<P> {
  readonly #protocol: P

  constructor(protocol: P) {
    super()
    this.#protocol = protocol
  }

  override buildProtocol(): P {
    return this.#protocol
  }
}
