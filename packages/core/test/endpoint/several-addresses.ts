import { NoRouteError } from '../../src/endpoints.ts'
import { type Address, ConnectionRefusedError } from '../../src/index.ts'
import type { DialEvents, ConnectAttempt } from '../../src/reactor.ts'
import { MemoryReactor } from '../../src/testing.ts'

/** How an address responds: it accepts, refuses or fails after so many milliseconds, or never responds. */
export type Answer =
  | number
  | { readonly refusedAfterMs: number }
  | { readonly failsAfterMs: number }
  | 'never'

/** A reactor with scripted addresses. It records when each was tried, and which attempts were cancelled. */
export class SeveralAddresses extends MemoryReactor {
  readonly answers: Map<string, Answer> = new Map()
  readonly tried: string[] = []
  readonly cancelled: string[] = []

  protected override dial(address: Address, events: DialEvents): ConnectAttempt {
    const host = address.type === 'UNIX' ? address.path : address.host
    const answer = this.answers.get(host) ?? 'never'
    this.tried.push(`${host} at ${this.now()}`)
    let attempt: ConnectAttempt | undefined
    const call =
      answer === 'never'
        ? undefined
        : this.callLater(afterMs(answer), () => {
            if (typeof answer === 'number') attempt = super.dial(address, events)
            else if ('failsAfterMs' in answer) events.failed(new NoRouteError(address, 'no way to it'))
            else events.failed(new ConnectionRefusedError(address, 'no program listens there'))
          })
    return {
      cancel: () => {
        this.cancelled.push(host)
        if (call?.active()) call.cancel()
        attempt?.cancel()
      },
    }
  }
}

function afterMs(answer: Exclude<Answer, 'never'>): number {
  if (typeof answer === 'number') return answer
  return 'failsAfterMs' in answer ? answer.failsAfterMs : answer.refusedAfterMs
}
