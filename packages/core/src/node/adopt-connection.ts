import { Socket } from 'node:net'
import { type Address, tcpAddress, unixAddress } from '../addresses.ts'
import { ConnectError, NoProtocol } from '../errors.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { InheritedSocket } from '../interfaces/reactor.ts'
import { checkValue } from '../options/check-options.ts'
import { FACTORY } from '../options/object-rules.ts'
import { buildProtocol, startFactory, stopFactory, whenReady } from '../transport/build-protocol.ts'
import { diagnose } from '../transport/diagnostics.ts'
import { openConnection } from '../transport/stream-transport.ts'
import type { ConnectionRegistry } from '../transport/connection-registry.ts'
import { assertSocket, closeRefused, descriptorAddress, socketState } from './descriptor.ts'
import { localAddressOf, SocketWire } from './socket-wire.ts'

/**
 * Makes the socket `fd` the connection of a protocol of `factory`. If that fails, a socket of any kind is
 * closed; a file stays open.
 *
 * @throws {ConnectError} (rejects) when `fd` is not a connected stream socket, or the factory refuses it.
 * @throws {TypeError} (rejects) when `factory` is not a factory.
 */
export async function adoptConnection<P extends ProtocolEvents>(
  registry: ConnectionRegistry,
  fd: number,
  factory: ProtocolFactory<P>,
): Promise<P> {
  const socket = socketOf(fd)
  const wire = new SocketWire(socket, registry.reactor)
  try {
    checkValue('adoptStreamConnection', 'factory', factory, FACTORY)
    if (registry.stopping) throw adoptionError(fd, 'the reactor is stopping')
    return await begin(registry, { fd, socket, wire }, factory)
  } catch (error) {
    wire.close()
    throw error
  }
}

interface Adopted {
  readonly fd: number
  readonly socket: Socket
  readonly wire: SocketWire
}

function socketOf(fd: number): Socket {
  try {
    assertSocket(fd)
    return new Socket({ fd, allowHalfOpen: true, readable: true, writable: true })
  } catch (cause) {
    closeRefused(fd)
    throw adoptionError(fd, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

async function begin<P extends ProtocolEvents>(
  registry: ConnectionRegistry,
  { fd, socket, wire }: Adopted,
  factory: ProtocolFactory<P>,
): Promise<P> {
  const peerAddress = peerOf(fd, socket)
  if (peerAddress === undefined) throw adoptionError(fd, 'it is not connected')
  startFactory(factory, registry.reactor)
  const address = descriptorAddress(fd)
  const protocol = buildProtocol(factory, { peer: peerAddress, address, reactor: registry.reactor })
  if (protocol instanceof NoProtocol) {
    stopFactory(factory, registry.reactor)
    throw protocol
  }
  const localAddress = localAddressOf(socket, peerAddress)
  const onLost = (): void => stopFactory(factory, registry.reactor)
  const connection = openConnection({ registry, wire, localAddress, peerAddress, onLost })
  const { transport } = connection
  wire.attach(connection)
  const settled = connection.begin(protocol, factory.policies)
  diagnose('ropewalk.accept', () => ({ transport, protocol }))
  return whenReady({ protocol, transport, settled }, address)
}

/**
 * Returns the peer's address; undefined when the socket is not connected. Node reports no addresses of a socket that is not TCP; the system
 * may report its state.
 */
function peerOf(fd: number, socket: Socket): Address | undefined {
  const { remoteAddress, remotePort } = socket
  if (!('port' in socket.address()))
    return ['connected', undefined].includes(socketState(fd)) ? unixAddress('') : undefined
  return remoteAddress === undefined || remotePort === undefined
    ? undefined
    : tcpAddress(remoteAddress, remotePort)
}

function adoptionError(fd: number, why: string, cause?: unknown): ConnectError {
  return new ConnectError(descriptorAddress(fd), why, cause)
}

/**
 * The sockets that systemd has passed to process `pid`: LISTEN_FDS is their number, LISTEN_PID the process
 * that they are for, LISTEN_FDNAMES their names. See sd_listen_fds(3).
 */
export function inheritedSockets(
  { LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES }: NodeJS.ProcessEnv,
  pid: number = process.pid,
): readonly InheritedSocket[] {
  if (LISTEN_PID !== String(pid) || !/^[0-9]{1,4}$/.test(LISTEN_FDS ?? '')) return []
  const names = LISTEN_FDNAMES?.split(':') ?? []
  return Array.from({ length: Number(LISTEN_FDS) }, (_, at) => ({
    fd: FIRST_FD + at,
    name: names[at] ?? 'unknown',
  }))
}

/** The first descriptor after stdin, stdout and stderr. */
const FIRST_FD = 3
