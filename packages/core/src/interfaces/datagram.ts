import type { UDPAddress } from '../addresses.ts'
import type { Reactor } from './reactor.ts'

/**
 * What a UDP port tells whoever reads it: `makeConnection` once, datagrams and refusals any number of
 * times, `doStop` once.
 *
 * Datagrams do not wait for each other: the next is delivered while a promise that `datagramReceived`
 * returned is pending. A throw, or a promise that rejects, is logged and the port stays open; only one
 * of `makeConnection` closes it.
 */
export interface DatagramEvents {
  /** Whether datagrams that come before the port is connected are dropped: a protocol of one peer never sees another. */
  readonly peerOnly?: boolean
  /** The port is bound; `transport` is its for good. */
  makeConnection(transport: DatagramTransport): unknown
  /** A datagram came, whole; it may be empty. The bytes are the protocol's to keep. Anyone can forge `address`. */
  datagramReceived(data: Buffer, address: UDPAddress): unknown
  /** Nobody listens at the peer that the port is connected to, or did a moment ago. */
  connectionRefused(): unknown
  /** The port is closed. The last call. */
  doStop(): unknown
}

/** Where a datagram is to go: the address another came from, or a numeric host and a port. */
export interface UDPDestination {
  readonly host: string
  readonly port: number
}

/** A bound UDP port. No method throws because a peer is gone, and no error of the network ends the port. */
export interface DatagramTransport extends MulticastTransport {
  readonly reactor: Reactor
  readonly protocol: DatagramEvents
  /** False once `stopListening` was called. */
  readonly listening: boolean
  /** What has been dropped since the port was bound. */
  readonly drops: DatagramDrops

  /**
   * Sends a datagram, or a string as UTF-8. The caller must not change the bytes afterwards.
   *
   * @param destination Needed unless the port is connected.
   * @returns false when the datagram was dropped: too much waits to be sent, or the port is closed.
   * @throws {InvalidAddressError} when the host is a name (look it up first), or of a family that the
   *   port does not speak.
   * @throws {MessageLengthError} when it is longer than UDP can carry.
   * @throws {LocalProtocolError} without a destination, or with another than the port is connected to.
   * @throws {RangeError} when the destination's port is none.
   * @throws {TypeError} when `data` is neither bytes nor a string.
   */
  write(data: Uint8Array | string, destination?: UDPDestination): boolean
  /**
   * Connects the port: from now on it exchanges datagrams with this peer alone, drops what comes from any other
   * address, and is notified when nothing listens there. What came from others before was delivered, unless the
   * protocol is `peerOnly`.
   *
   * @throws {InvalidAddressError} when `host` is a name, or cannot be reached from this port.
   * @throws {LocalProtocolError} when the port is connected already.
   * @throws {NotConnectedError} when the port is closed.
   */
  connect(host: string, port: number): void
  /** Where it is bound; the real port number when 0 was asked for. */
  getHost(): UDPAddress
  /** How many routers a datagram to one host may pass, 1 to 255. */
  setTTL(hops: number): void
  /** Whether datagrams may go to every host of a network. Not unless set. */
  setBroadcastAllowed(allowed: boolean): void
  /** Closes the port; resolves when its address is free and the protocol knows. May be called again. */
  stopListening(): Promise<void>
  /** The same as `stopListening`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Which groups a UDP port hears, and how it speaks to them.
 *
 * Every method throws NotConnectedError when the port is closed, InvalidAddressError when an address is
 * no numeric one, and RangeError when a number is out of its range.
 */
export interface MulticastTransport {
  /**
   * Hears from now on what is sent to `group`.
   *
   * @param via The address of the network interface to hear it on. Default: the system's choice.
   * @throws {MulticastJoinError} when it is no group, or joined already.
   */
  joinGroup(group: string, via?: string): void
  /**
   * Undoes `joinGroup`.
   *
   * @throws {MulticastJoinError} when it is not joined.
   */
  leaveGroup(group: string, via?: string): void
  /** How many routers a datagram to a group may pass, 0 to 255: 0 keeps it on this host, 1 on this network. */
  setMulticastTTL(hops: number): void
  /** Whether other ports of this host hear what this one sends to a group. They do unless told otherwise. */
  setLoopbackMode(enabled: boolean): void
  /** The address of the network interface on which datagrams to groups leave. */
  setOutgoingInterface(via: string): void
}

/** How many datagrams a UDP port has dropped. The first of each kind but `late` is logged as a warning. */
export interface DatagramDrops {
  /** Written while `maxBufferedBytes` waited to be sent. */
  readonly unsent: number
  /** Written after the port was closed. */
  readonly late: number
  /** Errors of the system: a datagram was not sent, or had no way to its host. */
  readonly failed: number
  /** Received, but longer than `maxPacketBytes`. */
  readonly tooLong: number
  /** Received while the protocol was at work on `maxPending` others. */
  readonly unread: number
  /**
   * Received by a connected port from another address than its peer's, or by one of a `peerOnly` protocol before it
   * was connected. The system drops most of them itself, uncounted.
   */
  readonly stranger: number
}

/** How to listen on UDP. */
export interface ListenUDPOptions {
  /** The numeric address to listen on. Default 0.0.0.0, every IPv4 address; `::` is every one of both families. */
  readonly interface?: string | undefined
  /** Longest datagram that is delivered. Beyond it: dropped, because half a datagram is a wrong one. Default 8 192. */
  readonly maxPacketBytes?: number | undefined
  /** Most bytes that were written and the system has not taken. Beyond it: dropped. Default 1 048 576. */
  readonly maxBufferedBytes?: number | undefined
  /** Most datagrams whose `datagramReceived` has returned a promise that is pending. Beyond it: dropped. Default 1 024. */
  readonly maxPending?: number | undefined
  /** Whether other ports that say so too may have the same address. Default false. */
  readonly reuseAddress?: boolean | undefined
  /** Whether a port on `::` leaves IPv4 to others. Default false. */
  readonly ipv6Only?: boolean | undefined
}

/** How to listen for multicast. */
export interface ListenMulticastOptions extends Omit<ListenUDPOptions, 'reuseAddress'> {
  /** Whether other ports that say so too may listen on the same port number, as is usual for a group. Default false. */
  readonly listenMultiple?: boolean | undefined
}

/** UDP ports. */
export interface ReactorUDP {
  /**
   * Binds `port`, 0 for any free one, and starts `protocol` on it. Resolves when a promise that its
   * `startProtocol` returned has settled; datagrams may come before.
   *
   * @throws {CannotListenError} (rejects) when the address cannot be had.
   * @throws {InvalidAddressError} (rejects) when `interface` is no numeric address.
   * @throws {RangeError} (rejects) when `port` is none.
   * @throws what `startProtocol` threw (rejects); the port is closed.
   */
  listenUDP(port: number, protocol: DatagramEvents, options?: ListenUDPOptions): Promise<DatagramTransport>
  /** The same, for a port that several programs of a host may share to hear a group. */
  listenMulticast(
    port: number,
    protocol: DatagramEvents,
    options?: ListenMulticastOptions,
  ): Promise<DatagramTransport>
}
