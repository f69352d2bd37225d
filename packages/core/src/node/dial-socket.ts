import { connect, type NetConnectOpts } from 'node:net'
import type { Address } from '../addresses.ts'
import type { DeadlineKeeper } from '../interfaces/reactor.ts'
import type { DialEvents, Dialling } from '../transport/stream-connector.ts'
import { connectFailure } from './connect-failure.ts'
import { localAddressOf, peerAddressOf } from './socket-address.ts'
import { SocketWire } from './socket-wire.ts'
import { assertUnixPath } from './unix-path.ts'

/** Begins to connect a socket, TCP or UNIX. `address` is where to, for errors; `time` is the reactor's. */
export function dialSocket(
  address: Address,
  options: NetConnectOpts,
  time: { readonly deadlines: DeadlineKeeper },
  events: DialEvents,
): Dialling {
  if ('path' in options) assertUnixPath(options.path)
  const socket = connect({ ...options, allowHalfOpen: true })
  const wire = new SocketWire(socket, time)
  let wanted = true
  socket.once('error', (cause) => {
    if (wanted) events.dialFailed(connectFailure(address, cause))
    wanted = false
  })
  socket.once('connect', () => {
    if (!wanted) return
    wanted = false
    socket.setNoDelay(true)
    events.dialled({
      wire,
      localAddress: localAddressOf(socket, address),
      peerAddress: peerAddressOf(socket, address) ?? address,
      attach: (transport) => wire.attach(transport),
    })
  })
  return {
    cancel() {
      wanted = false
      socket.destroy()
    },
  }
}
