/**
 * Datagrams: ports, protocols, multicast.
 *
 * @module
 */
export { udpAddress, type UDPAddress } from './addresses.ts'
export { MessageLengthError, MulticastJoinError } from './errors.ts'
export type {
  DatagramDrops,
  DatagramEvents,
  DatagramTransport,
  ListenMulticastOptions,
  ListenUDPOptions,
  MulticastTransport,
  ReactorUDP,
  UDPDestination,
} from './interfaces/datagram.ts'
export { ConnectedDatagramProtocol, DatagramProtocol } from './protocol/datagram-protocol.ts'
