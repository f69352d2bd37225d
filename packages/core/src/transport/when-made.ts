import type { Address } from '../addresses.ts'
import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'
import { type ConnectionClosed, ConnectError, NoProtocol } from '../errors.ts'
import { StreamTransport } from './stream-transport.ts'

/** A protocol that has just got its connection. */
export interface Made<P> {
  readonly protocol: P
  readonly transport: Transport
  /** Resolves, never rejects, when what its `makeConnection` returned has settled; undefined when it has. */
  readonly making: Promise<void> | undefined
}

/** Makes `protocol` the current protocol of a connection that is up. */
export function giveConnection<P extends ProtocolEvents>(
  transport: Transport,
  protocol: P,
  unread?: Buffer,
): Made<P> {
  if (transport instanceof StreamTransport)
    return { protocol, transport, making: transport.makeNext(protocol, unread) }
  transport.switchProtocol(protocol, unread)
  return { protocol, transport, making: undefined }
}

/**
 * Resolves with the protocol once its `connectionMade` has returned, and the promise that it returned has settled.
 *
 * @param address Where the connection was to go, for the error.
 * @throws {NoProtocol} (rejects) when the connection is aborted or lost by then, with what was thrown as its cause.
 */
export function whenMade<P>({ protocol, transport, making }: Made<P>, address: Address): Promise<P> {
  const failed = (): boolean =>
    !transport.connected || (transport instanceof StreamTransport && transport.aborted)
  if (making === undefined && !failed()) return Promise.resolve(protocol)
  return new Promise((resolve, reject) => {
    const { signal } = transport
    const lost = (): void => reject(notMade(address, signal.reason as ConnectionClosed))
    if (signal.aborted) return lost()
    signal.addEventListener('abort', lost, { once: true })
    void making?.then(() => {
      if (failed()) return
      signal.removeEventListener('abort', lost)
      resolve(protocol)
    })
  })
}

/** Why a connection that was up came to no protocol, whose end was `reason`. */
export function notMade(address: Address, reason: ConnectionClosed): ConnectError {
  const cause = reason.cause ?? reason
  if (cause instanceof ConnectError) return cause
  const text = cause instanceof Error ? cause.message : 'see the cause'
  return new NoProtocol(address, `the connection ended before connectionMade had returned: ${text}`, cause)
}
