import type { ConnectionPolicy, ProtocolEvents, Transport } from '@ropewalk/core'
import type { Witness } from './invariants.ts'

/** Has the witness watch every protocol that takes a connection over, such as a WebSocket's. */
export function watchSwitches(witness: Witness): ConnectionPolicy {
  return {
    accepted(transport: Transport): undefined {
      const real = transport.switchProtocol.bind(transport)
      const value = (next: ProtocolEvents, unread?: Buffer): void => real(witness.watch(next), unread)
      Object.defineProperty(transport, 'switchProtocol', { value })
    },
  }
}
