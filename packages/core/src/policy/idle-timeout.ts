import type { ConnectionPolicy, ConnectionWatch } from '../contracts/policy.ts'
import type { Transport } from '../contracts/transport.ts'
import { Deadline } from '../transport/deadline.ts'

/**
 * A peer that sends nothing for so long is closed, and aborted if that takes as long again. What we send does not
 * count; nor does what waits while we do not read: give more than your protocol ever pauses.
 */
export class IdleTimeout implements ConnectionPolicy {
  readonly #idleMs: number

  constructor(idleMs: number) {
    if (!(idleMs > 0)) throw new RangeError(`Cannot wait ${idleMs} ms for a peer: give more than 0`)
    this.#idleMs = idleMs
  }

  accepted(transport: Transport): ConnectionWatch {
    const idleMs = this.#idleMs
    const deadline = new Deadline(transport.reactor, () => {
      if (transport.disconnecting) {
        return transport.abortConnection(new Error(`Cannot close in ${idleMs} ms: the peer takes nothing`))
      }
      transport.loseConnection()
      deadline.set(idleMs)
    })
    deadline.set(idleMs)
    return { received: () => deadline.set(idleMs), closed: () => deadline.clear() }
  }
}
