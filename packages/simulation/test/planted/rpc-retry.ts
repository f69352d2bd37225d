import type { HostReactor, Simulation } from '../../src/index.ts'
import { ask, Replying, retried } from './ask.ts'
import { DurableLog } from './durable-log.ts'
import type { Plant } from './plant.ts'

/** Clients whose deposits are repeated until they have a reply, and a bank that makes each id's deposit once. */
export const rpcRetry: Plant = {
  bug: 'RPC retries under a new id',
  finding: /deposit .+ was made twice/,
  // The bug: each attempt has an id of its own.
  planted: (sim) =>
    bankRun(sim, (deposit, reactor) => `${deposit} ${reactor.randomBytes(8).toString('hex')}`),
  // The id follows from the deposit: a client that has lost its memory in a crash finds it again.
  mended: (sim) => bankRun(sim, (deposit) => `${deposit} id`),
}

async function bankRun(
  sim: Simulation,
  request: (deposit: string, reactor: HostReactor) => string,
): Promise<void> {
  let log: DurableLog | undefined
  sim.host('server', async (reactor) => {
    const bank = await DurableLog.open(reactor.disk, '/deposits')
    log = bank
    /** The requests that are being written: the same one may come on two connections. */
    const underWay = new Map<string, Promise<void>>()
    await reactor.listenTCP(
      7,
      new Replying(async (line) => {
        const making = underWay.get(line) ?? (bank.lines.includes(line) ? undefined : bank.append(line))
        if (making !== undefined) underWay.set(line, making)
        await making
        underWay.delete(line)
        return 'done'
      }),
    )
  })
  const finished = new Set<string>()
  for (const name of ['ann', 'bob'])
    sim.host(name, async (reactor) => {
      // After a crash, a client begins with its first deposit again.
      for (let count = 1; count <= DEPOSITS; count++)
        await retried(reactor, () => ask(reactor, request(`${name}-${count}`, reactor)))
      finished.add(name)
    })
  sim.injectFaults({ withinMs: 2000, longestMs: 2000, most: 4, kinds: KINDS })
  await sim.runUntil(() => finished.size === 2)
  await sim.run(5000)
  const made = new Set<string>()
  for (const line of log?.lines ?? []) {
    const [deposit = ''] = line.split(' ')
    if (made.has(deposit)) throw new Error(`the deposit ${deposit} was made twice`)
    made.add(deposit)
  }
  if (made.size !== 2 * DEPOSITS)
    throw new Error(`${made.size} deposits were made instead of ${2 * DEPOSITS}`)
}

const DEPOSITS = 8
const KINDS = [
  'crash',
  'partition',
  'one way',
  'hold',
  'reset',
  'slow link',
  'stand still',
  'freeze',
] as const
