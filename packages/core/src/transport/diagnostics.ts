import { type Channel, channel } from 'node:diagnostics_channel'
import type { Address, UDPAddress } from '../addresses.ts'
import type { ProtocolEvents } from '../interfaces/protocol-events.ts'
import type { Transport } from '../interfaces/transport.ts'
import type { ConnectionClosed } from '../errors.ts'

/**
 * What is told on `node:diagnostics_channel`, by the name of the channel: a public contract. While
 * nobody subscribes to a channel, nothing is made for it.
 */
export interface DiagnosticEvents {
  /** A port is bound. */
  'ropewalk.listen': { readonly address: Address | UDPAddress }
  /** A connection has come in, and has its protocol. */
  'ropewalk.accept': { readonly transport: Transport; readonly protocol: ProtocolEvents }
  /** A client connection is up, and has its protocol. */
  'ropewalk.connect': { readonly transport: Transport; readonly protocol: ProtocolEvents }
  /** Another protocol reads a connection. */
  'ropewalk.switch': {
    readonly transport: Transport
    readonly previous: ProtocolEvents | undefined
    readonly protocol: ProtocolEvents
  }
  /** A protocol has paused a connection. */
  'ropewalk.pause': { readonly transport: Transport }
  /** A connection is gone, and its protocol knows. */
  'ropewalk.close': {
    readonly transport: Transport
    readonly reason: ConnectionClosed
    /** Bytes that came in; under TLS, those it protects. */
    readonly receivedBytes: number
    /** Bytes handed to the operating system, or to TLS. */
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

/** Tells `make()` on the channel `name`, if anybody listens. */
export function diagnose<N extends keyof DiagnosticEvents>(name: N, make: () => DiagnosticEvents[N]): void {
  const found = CHANNELS[name]
  if (found.hasSubscribers) found.publish(make())
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
