import type { UDPAddress } from '../addresses.ts'
import type { DatagramTransport, MulticastTransport } from '../interfaces/datagram.ts'

/** Carries the datagrams of one port. Its arguments have been checked; it throws the system's errors. */
export interface DatagramWire
  extends MulticastTransport, Pick<DatagramTransport, 'setTTL' | 'setBroadcastAllowed'> {
  /** The address to which it is bound. */
  readonly address: UDPAddress
  /** Bytes that the operating system has not yet accepted. */
  readonly bufferedBytes: number
  /** Sets the receiver of events. The wire delivers nothing before. */
  attach(events: DatagramWireEvents): void
  /** Sends to `destination`, which is the peer once connected. Errors are reported by `failed`. */
  send(data: Uint8Array, destination: UDPAddress): void
  /**
   * Connects the wire to `peer`.
   *
   * @returns the source address of datagrams from `peer`, as `received` gives it. It may differ from `peer`: a system
   *   connects `0.0.0.0` to this host.
   * @throws {InvalidAddressError} when the operating system cannot connect it.
   */
  connect(peer: UDPAddress): UDPAddress
  /** Resolves when the address is free. */
  close(): Promise<void>
}

/** The events of a wire. */
export interface DatagramWireEvents {
  /** A datagram was received. The port may keep the bytes. */
  received(data: Buffer, from: UDPAddress): void
  /** The operating system reports an error of a datagram that was sent, or was to be sent. */
  failed(error: Error): void
}

/** Where and how a UDP port is bound. */
export interface DatagramBinding {
  readonly address: UDPAddress
  /** Whether other ports that also set this may have the same address. */
  readonly reuseAddress: boolean
  /** Whether a port on `::` leaves IPv4 to other ports. */
  readonly ipv6Only: boolean
}

/** Whether a port with this binding can send to, and receive from, addresses of `family`. */
export function bindingSpeaks({ address, ipv6Only }: DatagramBinding, family: 4 | 6): boolean {
  return address.family === family || (address.family === 6 && !ipv6Only)
}
