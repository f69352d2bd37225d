import type { UDPAddress } from '../addresses.ts'
import type { DatagramEvents, DatagramTransport } from '../interfaces/datagram.ts'
import { LocalProtocolError, NotConnectedError } from '../errors.ts'

/**
 * Receives the events of one UDP port: subclass it, and override the callbacks that you need.
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

  /** The port is bound. A throw or a rejection closes the port, and `listenUDP` rejects with the same error. */
  startProtocol(): unknown {
    return undefined
  }

  /** The port is closed. */
  stopProtocol(): unknown {
    return undefined
  }

  /** A whole datagram was received; it may be empty. You may keep the bytes. `address` can be forged. */
  datagramReceived(_data: Buffer, _address: UDPAddress): unknown {
    return undefined
  }

  /** Nothing listens, or nothing listened a moment ago, at the peer to which the port is connected. */
  connectionRefused(): unknown {
    return undefined
  }
}

/**
 * Receives the events of a UDP port with a single peer: its transport's `write` needs no destination, and
 * `datagramReceived` is called only for datagrams from the peer. Those that arrive before `startProtocol` are dropped.
 */
export abstract class ConnectedDatagramProtocol extends DatagramProtocol {
  readonly peerOnly: boolean = true
  readonly #host: string
  readonly #port: number

  /** @param host The peer's name or address. If the name has no address, `listenUDP` rejects. */
  constructor(host: string, port: number) {
    super()
    this.#host = host
    this.#port = port
  }

  /** Connects the port, then calls `startProtocol`. */
  override async makeConnection(transport: DatagramTransport): Promise<void> {
    const hosts = await transport.reactor.lookup(this.#host)
    const { family } = transport.getHost()
    const host = hosts.find((each) => family === 6 || !each.includes(':')) ?? this.#host
    transport.connect(host, this.#port)
    await super.makeConnection(transport)
  }

  /** A whole datagram from the peer's address was received; it may be empty, or forged. You may keep the bytes. */
  override datagramReceived(_data: Buffer): unknown {
    return undefined
  }
}
