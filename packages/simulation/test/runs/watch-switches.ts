import type { ProtocolEvents, Transport } from '@ropewalk/core'
import type { ConnectionPolicy } from '@ropewalk/core/policies'
import type { Witness } from './invariants.ts'

/** Makes the witness watch every protocol to which a connection is switched, such as that of a WebSocket. */
export function watchSwitches(witness: Witness): ConnectionPolicy {
  return {
    accepted(transport: Transport): undefined {
      const real = transport.switchProtocol.bind(transport)
      const value = (next: ProtocolEvents, unread?: Buffer): void => real(witness.watch(next), unread)
      Object.defineProperty(transport, 'switchProtocol', { value })
    },
  }
}
