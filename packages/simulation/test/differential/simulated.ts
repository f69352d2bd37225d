import type { Reactor } from '@ropewalk/core'
import { Simulation, type SimulatedHost } from '../../src/index.ts'
import { Place, type Program, type ProgramOptions, type Script } from './place.ts'
import { type ProgramName, startProgram } from './programs.ts'

/**
 * Plays a script in a simulation. Resolves with what the programs saw.
 *
 * @param machines With 1, both reactors are the reactor of one host, and use its loopback interface.
 */
export async function playInSimulation(
  script: Script,
  machines: 1 | 2,
  seed: number,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const simulated = new Simulated(machines, seed)
  await simulated.drive(script)
  return simulated.journal.all
}

class Simulated extends Place {
  readonly server: Reactor
  readonly client: Reactor
  readonly address: string
  readonly address6: string
  readonly clientAddress: string
  readonly #sim: Simulation
  readonly #host: SimulatedHost
  #waits: { readonly condition: () => boolean; readonly resolve: () => void }[] = []
  #paths = 0
  #programs = 0

  constructor(machines: 1 | 2, seed: number) {
    super()
    const sim = new Simulation({
      seed,
      // As on the loopback interface of Linux.
      link: { latencyMs: [0.05, 0.2], bytesPerSecond: Infinity },
      limits: { segmentBytes: 65_483, sendBufferBytes: 262_144, receiveBufferBytes: 262_144 },
    })
    this.#sim = sim
    this.#host = sim.host('server', ignore)
    const client = machines === 1 ? this.#host : sim.host('client', ignore)
    this.server = this.#host.reactor
    this.client = client.reactor
    this.address = machines === 1 ? '127.0.0.2' : this.#host.address
    this.clientAddress = machines === 1 ? '127.0.0.1' : client.address
    this.address6 = machines === 1 ? '::1' : this.#host.address6
    for (const address of [this.address6, client.address6]) this.journal.nameHost(address, 'IPv6')
    this.journal.nameHost(this.address, 'server')
    this.journal.nameHost(this.clientAddress, 'client')
  }

  /** Plays a script while virtual time passes. */
  async drive(script: Script): Promise<void> {
    const run = { over: false }
    const playing = script.play(this).finally(() => (run.over = true))
    // It is awaited below.
    playing.catch(ignore)
    try {
      while (!run.over) await this.#sim.runUntil(() => run.over || this.#wake(), { timeoutMs: PATIENCE_MS })
    } catch (cause) {
      const awaited = this.#waits.map(({ condition }) => String(condition)).join()
      throw new Error(`It never came about that ${awaited}: ${JSON.stringify(this.journal.all)}`, { cause })
    }
    await playing
  }

  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve()
    return new Promise((resolve) => this.#waits.push({ condition, resolve }))
  }

  settle(): Promise<void> {
    return new Promise((resolve) => this.#sim.at(this.#sim.nowMs + SETTLE_MS, resolve))
  }

  /** The simulation ends with the script. */
  keep(): void {}

  path(): string {
    return `/run/socket-${++this.#paths}`
  }

  async leaveSocketFile(path: string): Promise<void> {
    this.#host.socketFiles.add(path)
  }

  async start(name: ProgramName, { maxDescriptors = Infinity, path }: ProgramOptions = {}): Promise<Program> {
    const lines: string[] = []
    const host = this.#sim.host(`program-${++this.#programs}`, (reactor) =>
      startProgram(name, reactor, path ?? host.address, (line) => lines.push(line)),
    )
    host.maxDescriptors = maxDescriptors
    await this.until(() => lines.length > 0)
    const port = path === undefined ? Number(lines.shift()) : 0
    this.journal.nameHost(host.address, 'program')
    this.journal.namePort(port, 'port')
    return {
      host: host.address,
      port,
      seen: lines,
      kill: async () => host.kill(),
      again: () => {
        const before = lines.length
        host.start()
        return this.until(() => lines.length > before)
      },
      suspend: () => host.pause(),
      goOn: () => host.goOn(),
    }
  }

  /** Resolves the waits whose condition holds. @returns whether there was one. */
  #wake(): boolean {
    const held = this.#waits.filter(({ condition }) => condition())
    this.#waits = this.#waits.filter((wait) => !held.includes(wait))
    for (const { resolve } of held) resolve()
    return held.length > 0
  }
}

function ignore(): void {}

const PATIENCE_MS = 60_000
const SETTLE_MS = 50
