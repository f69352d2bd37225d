import type { Socket } from 'node:net'
import { type Address, tcpAddress, unixAddress } from '../addresses.ts'

/** The other end of a connected socket; undefined when the connection is gone already. */
export function peerAddressOf(socket: Socket, localAddress: Address): Address | undefined {
  // The other end of a UNIX socket has a name only where that end listened, and Node does not tell it.
  if (localAddress.type === 'UNIX') return unixAddress('')
  if (socket.remoteAddress === undefined || socket.remotePort === undefined) return undefined
  return tcpAddress(socket.remoteAddress, socket.remotePort)
}

/** Our end of a connected socket, or `fallback` where the system does not tell. */
export function localAddressOf(socket: Socket, fallback: Address): Address {
  if (fallback.type === 'UNIX' || socket.localAddress === undefined || socket.localPort === undefined)
    return fallback
  return tcpAddress(socket.localAddress, socket.localPort)
}
