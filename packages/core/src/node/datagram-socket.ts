import type { Socket, SocketOptions } from 'node:dgram'
import { udpAddress, type UDPAddress } from '../addresses.ts'
import type { DatagramBinding, DatagramWire, DatagramWireEvents } from '../datagram/datagram-wire.ts'
import { InvalidAddressError } from '../errors.ts'

/** A UDP socket as a wire. */
export class DatagramSocket implements DatagramWire {
  readonly address: UDPAddress
  readonly #socket: Socket
  readonly #sent: (error: Error | null) => void
  #events: DatagramWireEvents | undefined
  #connected = false

  private constructor(socket: Socket) {
    const { address, port } = socket.address()
    this.address = udpAddress(address, port)
    this.#socket = socket
    this.#sent = (error) => {
      if (error !== null) this.#events?.failed(error)
    }
    socket.on('error', this.#sent)
    socket.on('message', (data, from) => this.#events?.received(data, udpAddress(from.address, from.port)))
  }

  /** Binds a UDP socket. Rejects with the system's error when the address cannot be bound. */
  static async bind(binding: DatagramBinding): Promise<DatagramSocket> {
    const socket = process.getBuiltinModule('node:dgram').createSocket(socketOptions(binding))
    try {
      await bindSocket(socket, binding.address)
    } catch (error) {
      socket.close()
      throw error
    }
    return new DatagramSocket(socket)
  }

  get bufferedBytes(): number {
    return this.#socket.getSendQueueSize()
  }

  attach(events: DatagramWireEvents): void {
    this.#events = events
  }

  send(data: Uint8Array, destination: UDPAddress): void {
    if (this.#connected) this.#socket.send(data, this.#sent)
    else this.#socket.send(data, destination.port, this.#hostOf(destination), this.#sent)
  }

  connect(peer: UDPAddress): UDPAddress {
    this.#socket.connect(peer.port, this.#hostOf(peer))
    const remote = remoteAddressOf(this.#socket)
    // The system's error is emitted a turn later.
    if (remote === undefined) throw new InvalidAddressError(peer.host, 'the system has no route to it')
    this.#connected = true
    return remote
  }

  joinGroup(group: string, via?: string): void {
    this.#socket.addMembership(group, via)
  }

  leaveGroup(group: string, via?: string): void {
    this.#socket.dropMembership(group, via)
  }

  setTTL(hops: number): void {
    this.#socket.setTTL(hops)
  }

  setMulticastTTL(hops: number): void {
    this.#socket.setMulticastTTL(hops)
  }

  setLoopbackMode(enabled: boolean): void {
    this.#socket.setMulticastLoopback(enabled)
  }

  setOutgoingInterface(via: string): void {
    this.#socket.setMulticastInterface(via)
  }

  setBroadcastAllowed(allowed: boolean): void {
    this.#socket.setBroadcast(allowed)
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.close(resolve)
    })
  }

  /** The host in the notation of this socket's address family. */
  #hostOf({ family, host }: UDPAddress): string {
    return family === 4 && this.address.family === 6 ? `::ffff:${host}` : host
  }
}

function socketOptions({ address, reuseAddress, ipv6Only }: DatagramBinding): SocketOptions {
  const type = address.family === 4 ? 'udp4' : 'udp6'
  return {
    type,
    reuseAddr: reuseAddress,
    ipv6Only: ipv6Only && type === 'udp6',
    // Hosts are numeric already. Node's own lookup would delay every datagram by a turn.
    lookup: (host, _options, found) => found(null, host, address.family),
  }
}

function bindSocket(socket: Socket, { host, port }: UDPAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, host, () => {
      socket.off('error', reject)
      resolve()
    })
  })
}

function remoteAddressOf(socket: Socket): UDPAddress | undefined {
  try {
    const { address, port } = socket.remoteAddress()
    return udpAddress(address, port)
  } catch {
    return undefined
  }
}
