import type { UDPAddress } from '../addresses.ts'
import type { DatagramEvents, DatagramTransport } from '../interfaces/datagram.ts'
import { LocalProtocolError, NotConnectedError } from '../errors.ts'

/**
 * What happens on one UDP port: subclass it, and override what you care about.
 *
 * One object serves one port at a time.
 */
export abstract class DatagramProtocol implements DatagramEvents {
  #transport: DatagramTransport | undefined

  /**
   * The port. It stays readable after the port is closed.
   *
   * @throws {NotConnectedError} before `makeConnection`.
   */
  get transport(): DatagramTransport {
    if (this.#transport === undefined)
      throw new NotConnectedError('Cannot use the transport before startProtocol')
    return this.#transport
  }

  /** @throws {LocalProtocolError} while it serves another port. */
  makeConnection(transport: DatagramTransport): unknown {
    if (this.#transport?.listening)
      throw new LocalProtocolError('Cannot start a datagram protocol that serves another port')
    this.#transport = transport
    return this.startProtocol()
  }

  doStop(): unknown {
    return this.stopProtocol()
  }

  /** The port is bound. What it throws, or rejects with, closes the port and is what `listenUDP` rejects with. */
  startProtocol(): unknown {
    return undefined
  }

  /** The port is closed. */
  stopProtocol(): unknown {
    return undefined
  }

  /** A datagram came, whole; it may be empty. The bytes are yours. Anyone can forge `address`. */
  datagramReceived(_data: Buffer, _address: UDPAddress): unknown {
    return undefined
  }

  /** Nobody listens at the peer that the port is connected to, or did a moment ago. */
  connectionRefused(): unknown {
    return undefined
  }
}

/**
 * What happens on a UDP port that talks to one peer: its transport's `write` needs no destination, and
 * `datagramReceived` is called for datagrams of the peer alone. What comes before `startProtocol` is dropped.
 */
export abstract class ConnectedDatagramProtocol extends DatagramProtocol {
  readonly peerOnly: boolean = true
  readonly #host: string
  readonly #port: number

  /** @param host The peer's name or address. A name that has none is what `listenUDP` rejects with. */
  constructor(host: string, port: number) {
    super()
    this.#host = host
    this.#port = port
  }

  /** Connects the port, then starts. */
  override async makeConnection(transport: DatagramTransport): Promise<void> {
    const hosts = await transport.reactor.lookup(this.#host)
    const { family } = transport.getHost()
    const host = hosts.find((each) => family === 6 || !each.includes(':')) ?? this.#host
    transport.connect(host, this.#port)
    await super.makeConnection(transport)
  }

  /** A datagram came from the peer's address, which anyone can forge; whole, and it may be empty. The bytes are yours. */
  override datagramReceived(_data: Buffer): unknown {
    return undefined
  }
}
