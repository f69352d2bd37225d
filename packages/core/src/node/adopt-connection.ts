import { Socket } from 'node:net'
import { type Address, tcpAddress, unixAddress } from '../addresses.ts'
import { ConnectError, NoProtocol } from '../errors.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { InheritedSocket } from '../interfaces/reactor.ts'
import { checkValue } from '../options/check-options.ts'
import { FACTORY } from '../options/object-rules.ts'
import { callSafely } from '../safely.ts'
import { buildProtocol, startFactory, whenMade } from '../transport/build-protocol.ts'
import type { ConnectionRegistry } from '../transport/connection-registry.ts'
import { diagnose } from '../transport/diagnostics.ts'
import { StreamTransport } from '../transport/stream-transport.ts'
import { assertSocket, closeRefused, descriptorAddress, socketState } from './descriptor.ts'
import { localAddressOf, SocketWire } from './socket-wire.ts'

/**
 * Makes the socket of `fd` the connection of a protocol of `factory`. A socket, of whatever kind, is closed when that
 * fails; a file is left alone.
 *
 * @throws {ConnectError} (rejects) when `fd` is no connected stream socket, or the factory refuses.
 * @throws {TypeError} (rejects) for what is no factory.
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
    if (registry.stopping) throw refusal(fd, 'the reactor is stopping')
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
    throw refusal(fd, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

async function begin<P extends ProtocolEvents>(
  registry: ConnectionRegistry,
  { fd, socket, wire }: Adopted,
  factory: ProtocolFactory<P>,
): Promise<P> {
  const peerAddress = peerOf(fd, socket)
  if (peerAddress === undefined) throw refusal(fd, 'it is not connected')
  startFactory(factory, registry.reactor)
  const address = descriptorAddress(fd)
  const protocol = buildProtocol(factory, { peer: peerAddress, address, reactor: registry.reactor })
  if (protocol instanceof NoProtocol) {
    release(registry, factory)
    throw protocol
  }
  const localAddress = localAddressOf(socket, peerAddress)
  const onLost = (): void => release(registry, factory)
  const transport = new StreamTransport({ registry, wire, localAddress, peerAddress, onLost })
  wire.attach(transport)
  const making = transport.makeFirst(protocol, factory.policies)
  diagnose('ropewalk.accept', () => ({ transport, protocol }))
  return whenMade({ protocol, transport, making }, address)
}

/** Undefined when a socket is not connected. Node knows no ends of one that is not TCP; the system may know its state. */
function peerOf(fd: number, socket: Socket): Address | undefined {
  const { remoteAddress, remotePort } = socket
  if (!('port' in socket.address()))
    return ['connected', undefined].includes(socketState(fd)) ? unixAddress('') : undefined
  return remoteAddress === undefined || remotePort === undefined
    ? undefined
    : tcpAddress(remoteAddress, remotePort)
}

function refusal(fd: number, why: string, cause?: unknown): ConnectError {
  return new ConnectError(descriptorAddress(fd), why, cause)
}

function release(registry: ConnectionRegistry, factory: ProtocolFactory): void {
  const text = 'A factory failed to stop'
  void callSafely(
    () => factory.doStop(),
    (error) => registry.reactor.log({ level: 'error', text, error }),
  )
}

/**
 * The sockets that systemd has handed over: how many says LISTEN_FDS, whom they are for LISTEN_PID, and what
 * they are called LISTEN_FDNAMES; see sd_listen_fds(3).
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

/** Behind stdin, stdout and stderr. */
const FIRST_FD = 3
