import { formatAddress } from '../addresses.ts'
import type { LogConnection } from '../interfaces/log.ts'
import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'
import type { ConnectionClosed } from '../errors.ts'
import { diagnose } from './diagnostics.ts'

/** A connection as logs name it, with `protocol` as who reads it. */
export function logConnection(transport: Transport, protocol: object | undefined): LogConnection {
  const name = protocol?.constructor.name ?? 'no protocol'
  return { id: transport.id, peer: transport.getPeer(), protocol: name }
}

/** The same in one line: `Echo 3 127.0.0.1:5000`. */
export function connectionLabel(transport: Transport, protocol: object | undefined): string {
  const { id, peer, protocol: name } = logConnection(transport, protocol)
  return `${name} ${id} ${formatAddress(peer)}`
}

/** Logs that a protocol has failed; the caller aborts the connection unless it has ended. */
export function reportFault(
  transport: Transport,
  protocol: ProtocolEvents | undefined,
  error: unknown,
): void {
  diagnose('ropewalk.error', () => ({ transport, protocol, error }))
  const outcome = transport.connected ? 'is aborted' : 'had ended already'
  const text = `A protocol failed; its connection ${outcome}`
  const connection = logConnection(transport, protocol)
  transport.reactor.log({ level: 'error', text, connection, source: protocol, error })
}

/** Publishes that a connection is gone, with how much it carried and for how long. */
export function reportClose(
  transport: Transport,
  reason: ConnectionClosed,
  receivedBytes: number,
  sentBytes: number,
  openedAtMs: number,
): void {
  diagnose('ropewalk.close', () => {
    const durationMs = transport.reactor.now() - openedAtMs
    return { transport, reason, receivedBytes, sentBytes, durationMs }
  })
}
