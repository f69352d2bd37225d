import type { Address } from '../../src/addresses.ts'
import { ConnectionRefusedError, NoRouteError } from '../../src/errors.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import type { DialEvents, Dialling } from '../../src/transport/stream-connector.ts'

/** How an address answers: after so many milliseconds, with a refusal or another failure after so many, or never. */
export type Answer =
  | number
  | { readonly refusedAfterMs: number }
  | { readonly failsAfterMs: number }
  | 'never'

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
        : this.callLater(afterMs(answer), () => {
            if (typeof answer === 'number') dialling = super.dial(address, events)
            else if ('failsAfterMs' in answer) events.dialFailed(new NoRouteError(address, 'no way to it'))
            else events.dialFailed(new ConnectionRefusedError(address, 'no program listens there'))
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

function afterMs(answer: Exclude<Answer, 'never'>): number {
  if (typeof answer === 'number') return answer
  return 'failsAfterMs' in answer ? answer.failsAfterMs : answer.refusedAfterMs
}
