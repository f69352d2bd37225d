import type { UDPAddress } from '../addresses.ts'
import type { Reactor } from './reactor.ts'

/**
 * The callbacks of a UDP port's protocol: `makeConnection` once, then datagrams and refusals any number of
 * times, `doStop` once.
 *
 * Datagrams do not wait for each other: the next one is delivered while a promise that `datagramReceived`
 * returned is pending. What a callback throws or rejects with is logged, and the port stays open; a failure
 * of `makeConnection` closes it.
 */
export interface DatagramEvents {
  /**
   * Whether datagrams received before `connect` are dropped, so that the protocol sees datagrams of its peer
   * only.
   */
  readonly peerOnly?: boolean
  /** The port is bound. The protocol keeps `transport` for good. */
  makeConnection(transport: DatagramTransport): unknown
  /**
   * A whole datagram was received; it may be empty. The protocol may keep the bytes. A sender can forge
   * `address`.
   */
  datagramReceived(data: Buffer, address: UDPAddress): unknown
  /** No program listens on the peer's port, or did not when the last datagrams were sent. */
  connectionRefused(): unknown
  /** The port is closed. The last call. */
  doStop(): unknown
}

/** The destination of a datagram: the address that another one came from, or a numeric host and a port. */
export interface UDPDestination {
  readonly host: string
  readonly port: number
}

/** A bound UDP port. No method throws because a peer is gone, and no network error closes the port. */
export interface DatagramTransport extends MulticastTransport {
  readonly reactor: Reactor
  readonly protocol: DatagramEvents
  /** False once `stopListening` was called. */
  readonly listening: boolean
  /** Counts of the datagrams dropped since the port was bound. */
  readonly drops: DatagramDrops

  /**
   * Sends a datagram, or a string as UTF-8. The caller must not change the bytes afterwards.
   *
   * @param destination Required unless the port is connected.
   * @returns false when the datagram was dropped: `maxBufferedBytes` wait to be sent, or the port is closed.
   * @throws {InvalidAddressError} when the host is a name (look it up first), or its address family is not
   *   the port's.
   * @throws {MessageLengthError} when the datagram is longer than UDP can carry.
   * @throws {LocalProtocolError} without a destination, or when it is not the peer that the port is connected
   *   to.
   * @throws {RangeError} when the destination's port is not a port number.
   * @throws {TypeError} when `data` is neither bytes nor a string.
   */
  write(data: Uint8Array | string, destination?: UDPDestination): boolean
  /**
   * Connects the port: from now on it exchanges datagrams with this peer only and drops those from other
   * addresses, and `connectionRefused` is called when no program listens there. Datagrams received before
   * were delivered, unless the protocol is `peerOnly`.
   *
   * @throws {InvalidAddressError} when `host` is a name, or cannot be reached from this port.
   * @throws {LocalProtocolError} when the port is connected already.
   * @throws {NotConnectedError} when the port is closed.
   */
  connect(host: string, port: number): void
  /** The address it is bound to, with the actual port number when 0 was given. */
  getHost(): UDPAddress
  /** Sets the most routers that a unicast datagram may pass, 1 to 255. */
  setTTL(hops: number): void
  /** Sets whether datagrams may be sent to a broadcast address. Default: not allowed. */
  setBroadcastAllowed(allowed: boolean): void
  /** Closes the port. Resolves when its address is free and `doStop` was called. May be called again. */
  stopListening(): Promise<void>
  /** The same as `stopListening`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * The multicast groups that a UDP port receives from, and how it sends to groups.
 *
 * Every method throws NotConnectedError when the port is closed, InvalidAddressError when an address is not
 * numeric, and RangeError when a number is out of its range.
 */
export interface MulticastTransport {
  /**
   * Receives datagrams sent to `group` from now on.
   *
   * @param via The address of the network interface to receive on. Default: the system's choice.
   * @throws {MulticastJoinError} when `group` is not a multicast address, or was joined already.
   */
  joinGroup(group: string, via?: string): void
  /**
   * Undoes `joinGroup`.
   *
   * @throws {MulticastJoinError} when the group is not joined.
   */
  leaveGroup(group: string, via?: string): void
  /**
   * Sets the most routers that a multicast datagram may pass, 0 to 255: 0 keeps it on this host, 1 on this
   * network.
   */
  setMulticastTTL(hops: number): void
  /** Sets whether other ports of this host receive what this port sends to a group. Default: they do. */
  setLoopbackMode(enabled: boolean): void
  /** Sets the network interface, by its address, on which multicast datagrams are sent. */
  setOutgoingInterface(via: string): void
}

/**
 * Counts of the datagrams that a UDP port has dropped. The first of each kind except `late` is logged as a
 * warning.
 */
export interface DatagramDrops {
  /** Written while `maxBufferedBytes` waited to be sent. */
  readonly unsent: number
  /** Written after the port was closed. */
  readonly late: number
  /** Not sent, or not routable to its host, because of a system error. */
  readonly failed: number
  /** Received, but longer than `maxPacketBytes`. */
  readonly tooLong: number
  /** Received while `maxPending` promises of `datagramReceived` were pending. */
  readonly unread: number
  /**
   * Received by a connected port from an address other than its peer's, or before `connect` if the protocol
   * is `peerOnly`. The system itself drops most of them, uncounted.
   */
  readonly stranger: number
}

/** Options of `listenUDP`. */
export interface ListenUDPOptions {
  /**
   * The numeric address to listen on. Default 0.0.0.0, every IPv4 address; `::` is every address of both
   * families.
   */
  readonly interface?: string | undefined
  /**
   * Longest datagram that is delivered, in bytes. A longer one is dropped, never truncated. Default 8 192.
   */
  readonly maxPacketBytes?: number | undefined
  /**
   * Most bytes written that the system has not accepted yet. Beyond it, a write is dropped. Default 1 048
   * 576.
   */
  readonly maxBufferedBytes?: number | undefined
  /**
   * Most pending promises of `datagramReceived`. Beyond it, received datagrams are dropped. Default 1 024.
   */
  readonly maxPending?: number | undefined
  /** Whether other ports that set this option too may bind the same address. Default false. */
  readonly reuseAddress?: boolean | undefined
  /**
   * Whether a port on `::` listens on IPv6 only, so that another socket can have the IPv4 port. Default
   * false.
   */
  readonly ipv6Only?: boolean | undefined
}

/** Options of `listenMulticast`. */
export interface ListenMulticastOptions extends Omit<ListenUDPOptions, 'reuseAddress'> {
  /**
   * Whether other ports that set this option too may bind the same port number, as is usual for a group.
   * Default false.
   */
  readonly listenMultiple?: boolean | undefined
}

/** UDP ports. */
export interface ReactorUDP {
  /**
   * Binds `port`, where 0 means any free one, and starts `protocol` on it. Resolves when the promise that its
   * `startProtocol` returned, if any, has settled. Datagrams may be delivered before.
   *
   * @throws {CannotListenError} (rejects) when the address cannot be bound.
   * @throws {InvalidAddressError} (rejects) when `interface` is not a numeric address.
   * @throws {RangeError} (rejects) when `port` is not a port number.
   * @throws what `startProtocol` threw (rejects); the port is closed.
   */
  listenUDP(port: number, protocol: DatagramEvents, options?: ListenUDPOptions): Promise<DatagramTransport>
  /**
   * The same as `listenUDP`, for a port that several programs of a host may share to receive from a group.
   */
  listenMulticast(
    port: number,
    protocol: DatagramEvents,
    options?: ListenMulticastOptions,
  ): Promise<DatagramTransport>
}
