import type { Address } from '../../src/contracts/address.ts'
import { ConnectionRefusedError } from '../../src/errors.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import type { DialEvents, Dialling } from '../../src/transport/stream-connector.ts'

/** How an address answers: after so many milliseconds, with a refusal after so many, or never. */
export type Answer = number | { readonly refusedAfterMs: number } | 'never'

/** A reactor whose addresses answer as a test says; it notes when each was tried, and which were given up. */
export class SeveralAddresses extends MemoryReactor {
  readonly answers: Map<string, Answer> = new Map()
  readonly tried: string[] = []
  readonly givenUp: string[] = []

  protected override dial(address: Address, events: DialEvents): Dialling {
    const host = address.type === 'UNIX' ? address.path : address.host
    const answer = this.answers.get(host) ?? 'never'
    this.tried.push(`${host} at ${this.now()}`)
    let dialling: Dialling | undefined
    const call =
      answer === 'never'
        ? undefined
        : this.callLater(typeof answer === 'number' ? answer : answer.refusedAfterMs, () => {
            if (typeof answer === 'number') dialling = super.dial(address, events)
            else events.dialFailed(new ConnectionRefusedError(address, 'nobody listens there'))
          })
    return {
      cancel: () => {
        this.givenUp.push(host)
        if (call?.active()) call.cancel()
        dialling?.cancel()
      },
    }
  }
}
