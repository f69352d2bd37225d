import type { UDPAddress } from '../addresses.ts'
import type { DatagramTransport, MulticastTransport } from '../interfaces/datagram.ts'

/** Carries the datagrams of one port. What it is told has been checked; it throws the system's errors. */
export interface DatagramWire
  extends MulticastTransport, Pick<DatagramTransport, 'setTTL' | 'setBroadcastAllowed'> {
  /** Where it is bound. */
  readonly address: UDPAddress
  /** Bytes that the system has not taken yet. */
  readonly bufferedBytes: number
  /** Says who is told of what comes. Nothing has come before. */
  attach(events: DatagramWireEvents): void
  /** Sends to `destination`, which is the peer once connected. Errors come as events. */
  send(data: Uint8Array, destination: UDPAddress): void
  /**
   * Connects it.
   *
   * @returns the address that datagrams of `peer` come from, as `received` spells it: a system takes `0.0.0.0` for
   *   this host.
   * @throws {InvalidAddressError} when the system cannot connect it.
   */
  connect(peer: UDPAddress): UDPAddress
  /** Resolves when the address is free. */
  close(): Promise<void>
}

/** What a wire tells its port. */
export interface DatagramWireEvents {
  /** A datagram came. The bytes are the port's. */
  received(data: Buffer, from: UDPAddress): void
  /** The system reports an error: of a datagram that was sent, or to be sent. */
  failed(error: Error): void
}

/** Where and how a UDP port is bound. */
export interface DatagramBinding {
  readonly address: UDPAddress
  /** Whether others that say so too may have the same address. */
  readonly reuseAddress: boolean
  /** Whether a port on `::` leaves IPv4 to others. */
  readonly ipv6Only: boolean
}

/** Whether a port bound so can send to, and receive from, addresses of `family`. */
export function bindingSpeaks({ address, ipv6Only }: DatagramBinding, family: 4 | 6): boolean {
  return address.family === family || (address.family === 6 && !ipv6Only)
}
