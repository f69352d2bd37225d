import { type Channel, channel } from 'node:diagnostics_channel'
import { type Address, formatAddress, type UDPAddress } from '../addresses.ts'
import type { ConnectionClosed } from '../errors.ts'
import type { LogConnection } from '../interfaces/log.ts'
import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'

/**
 * The messages published on `node:diagnostics_channel`, by the name of the channel. These are a public
 * contract. While a channel has no subscriber, no message is created for it.
 */
export interface DiagnosticEvents {
  /** A port is bound. */
  'ropewalk.listen': { readonly address: Address | UDPAddress }
  /** A connection was accepted, and has its protocol. */
  'ropewalk.accept': { readonly transport: Transport; readonly protocol: ProtocolEvents }
  /** A client connection is up, and has its protocol. */
  'ropewalk.connect': { readonly transport: Transport; readonly protocol: ProtocolEvents }
  /** Another protocol is current on a connection. */
  'ropewalk.switch': {
    readonly transport: Transport
    readonly previous: ProtocolEvents | undefined
    readonly protocol: ProtocolEvents
  }
  /** A protocol has paused a connection. */
  'ropewalk.pause': { readonly transport: Transport }
  /** A connection is gone. Published after the protocol's `connectionLost`. */
  'ropewalk.close': {
    readonly transport: Transport
    readonly reason: ConnectionClosed
    /** Bytes received; with TLS, the decrypted bytes. */
    readonly receivedBytes: number
    /** Bytes passed to the operating system, or to TLS. */
    readonly sentBytes: number
    readonly durationMs: number
  }
  /** A connection was refused at a limit. */
  'ropewalk.refused': { readonly peer: Address; readonly address: Address }
  /** A callback of a protocol, or a policy, failed; its connection is aborted. */
  'ropewalk.error': {
    readonly transport: Transport
    readonly protocol: ProtocolEvents | undefined
    readonly error: unknown
  }
}

/** Publishes `make()` on the channel `name`, if it has a subscriber. */
export function diagnose<N extends keyof DiagnosticEvents>(name: N, make: () => DiagnosticEvents[N]): void {
  const found = CHANNELS[name]
  if (found.hasSubscribers) found.publish(make())
}

/** Returns the connection as a log event identifies it, with `protocol` as its current protocol. */
export function logConnection(transport: Transport, protocol: object | undefined): LogConnection {
  const name = protocol?.constructor.name ?? 'no protocol'
  return { id: transport.id, peer: transport.getPeer(), protocol: name }
}

/** Returns the same in one line: `Echo 3 127.0.0.1:5000`. */
export function connectionLabel(transport: Transport, protocol: object | undefined): string {
  const { id, peer, protocol: name } = logConnection(transport, protocol)
  return `${name} ${id} ${formatAddress(peer)}`
}

/** Logs that a callback of a protocol failed. The caller aborts the connection unless it has ended. */
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

/** Publishes that a connection is gone, with its byte counts and its duration. */
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

const CHANNELS: { readonly [N in keyof DiagnosticEvents]: Channel } = {
  'ropewalk.listen': channel('ropewalk.listen'),
  'ropewalk.accept': channel('ropewalk.accept'),
  'ropewalk.connect': channel('ropewalk.connect'),
  'ropewalk.switch': channel('ropewalk.switch'),
  'ropewalk.pause': channel('ropewalk.pause'),
  'ropewalk.close': channel('ropewalk.close'),
  'ropewalk.refused': channel('ropewalk.refused'),
  'ropewalk.error': channel('ropewalk.error'),
}
