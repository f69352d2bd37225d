import type { HostReactor, Simulation } from '../../src/index.ts'
import { ask, Replying, retried } from './ask.ts'
import { DurableLog } from './durable-log.ts'
import type { Plant } from './plant.ts'

/** A store that acknowledges a value before its disk has it. */
export const earlyReply: Plant = {
  bug: 'acknowledged before persisted',
  finding: /acknowledged, and is lost/,
  planted: (sim) => storeRun(sim, storeInCache),
  mended: (sim) => storeRun(sim, storeOnDisk),
}

/** Opens a store. @returns a function that stores a line, and the lines stored before. */
type OpenStore = (reactor: HostReactor) => Promise<Store>

interface Store {
  readonly lines: readonly string[]
  store(line: string): Promise<unknown>
}

/** The bug: the line is in the cache of the operating system only. */
async function storeInCache({ disk }: HostReactor): Promise<Store> {
  const log = await DurableLog.open(disk, '/values')
  return {
    lines: log.lines,
    async store(line) {
      await disk.append('/values', `${line}\n`)
      log.lines.push(line)
    },
  }
}

async function storeOnDisk({ disk }: HostReactor): Promise<Store> {
  const log = await DurableLog.open(disk, '/values')
  return { lines: log.lines, store: (line) => log.append(line) }
}

async function storeRun(sim: Simulation, openStore: OpenStore): Promise<void> {
  let current: Store | undefined
  sim.host('server', async (reactor) => {
    const store = await openStore(reactor)
    current = store
    await reactor.listenTCP(
      7,
      new Replying(async (line) => {
        if (!store.lines.includes(line)) await store.store(line)
        return 'ok'
      }),
    )
  })
  const acknowledged = new Set<string>()
  for (const name of ['ann', 'bob'])
    sim.host(name, async (reactor) => {
      for (let count = 1; count <= VALUES; count++) {
        const value = `${name} ${count}`
        await retried(reactor, () => ask(reactor, value))
        acknowledged.add(value)
      }
    })
  sim.injectFaults({ withinMs: 1000, longestMs: 1500, most: 4, kinds: KINDS })
  await sim.runUntil(() => acknowledged.size === 2 * VALUES)
  await sim.run(3000)
  for (const value of acknowledged)
    if (current?.lines.includes(value) !== true) throw new Error(`"${value}" was acknowledged, and is lost`)
}

const VALUES = 6
const KINDS = [
  'crash',
  'partition',
  'one way',
  'hold',
  'reset',
  'stand still',
  'freeze',
  'slow disk',
] as const
