import { sleep } from '@ropewalk/core'
import type { HostReactor, Simulation } from '../../src/index.ts'
import { ask, Replying } from './ask.ts'
import type { Plant } from './plant.ts'

/**
 * A server that leases something to one client at a time.
 *
 * No client can notice that its machine was frozen between two of its instructions: what depends on a lease then needs a
 * number that it checks itself. So no machine freezes here.
 */
export const lease: Plant = {
  bug: "lease counted from the grant's arrival",
  finding: /always "one client at a time has the lease"/,
  planted: (sim) => leaseRun(sim, (_askedMs, grantedMs) => grantedMs + LEASE_MS),
  // From before the request left, and shorter by as much as the clock of the server may run fast.
  mended: (sim) => leaseRun(sim, (askedMs) => askedMs + LEASE_MS / FASTEST),
}

/** Returns until when a client has the lease, by its own clock. */
type Ending = (askedMs: number, grantedMs: number) => number

async function leaseRun(sim: Simulation, ending: Ending): Promise<void> {
  sim.host('server', (reactor) => {
    const leases = new Leases(reactor)
    return reactor.listenTCP(7, new Replying(async (name) => (leases.grant(name) ? 'granted' : 'taken')))
  })
  const holders = new Map<string, { readonly reactor: HostReactor; readonly untilMs: number }>()
  const clients = ['ann', 'bob', 'cleo'].map((name) =>
    sim.host(name, async (reactor) => {
      for (;;) {
        const askedMs = reactor.now()
        const reply = await ask(reactor, name).catch(() => 'no reply')
        if (reply === 'granted') {
          holders.set(name, { reactor, untilMs: ending(askedMs, reactor.now()) })
          await sleep(LEASE_MS, { reactor })
        } else await sleep(300, { reactor })
      }
    }),
  )
  /** The clients whose programs, if they looked at their clocks now, would act as holders. */
  sim.always('one client at a time has the lease', () => {
    const acting = clients.filter(({ name, life }) => {
      const holder = holders.get(name)
      return holder !== undefined && holder.reactor === life?.reactor && life.clock.now() < holder.untilMs
    })
    return acting.length <= 1
  })
  sim.injectFaults({ withinMs: 4000, longestMs: 2000, most: 4, kinds: KINDS })
  await sim.run(6000)
}

/** What the server knows. After a crash it waits until every lease that it may have forgotten is over. */
class Leases {
  readonly #reactor: HostReactor
  #holder: string | undefined
  #untilMs: number

  constructor(reactor: HostReactor) {
    this.#reactor = reactor
    this.#untilMs = reactor.now() + LEASE_MS
  }

  /** Grants the lease to a client when no other one has it. */
  grant(name: string): boolean {
    const nowMs = this.#reactor.now()
    if (this.#holder !== name && nowMs < this.#untilMs) return false
    this.#holder = name
    this.#untilMs = nowMs + LEASE_MS
    return true
  }
}

const LEASE_MS = 1000
const FASTEST = 1.5
const KINDS = [
  'crash',
  'partition',
  'one way',
  'hold',
  'reset',
  'slow link',
  'slow reader',
  'stand still',
  'fast clock',
] as const
