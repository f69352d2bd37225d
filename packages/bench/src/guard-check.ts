import type { LoadSpec } from './load/kinds.ts'
import { LoadProcess } from './load-process.ts'
import { ServerProcess } from './server-process.ts'
import { ratiosOf } from './statistics.ts'

/** Our server, and the reference on the same machine in the same minute, which our code cannot change. */
export interface Pair {
  readonly name: string
  readonly ours: Party
  readonly reference: Party
}

/** A server of a pair, and the load on it. */
interface Party {
  readonly command: (port: number) => readonly string[]
  readonly load: (port: number) => LoadSpec
}

/** How long, and how often, each server of a pair is measured. */
export interface CheckOptions {
  /** The load program for `LoadProcess`. */
  readonly loadProgram: string
  readonly rounds: number
  /** How long the load runs before the first round. */
  readonly firstWarmUpMs: number
  /** How long the load runs before each round. */
  readonly warmUpMs: number
  readonly durationMs: number
}

/** The outcome for one pair. */
export interface Verdict {
  /** CPU time for a request of ours, divided by the CPU time of the reference. */
  readonly ratio: number
  readonly isSlower: boolean
}

/**
 * Checks that our server needs at most a quarter more CPU time for a request, relative to the reference, than
 * recorded.
 *
 * A pair that fails is measured once more, with new processes and twice the rounds, and the second result counts.
 *
 * @param recorded The ratio of an earlier version.
 */
export async function check(pair: Pair, recorded: number, options: CheckOptions): Promise<Verdict> {
  const first = verdictOf(await measureRatio(pair, options), recorded)
  if (!first.isSlower) return first
  return verdictOf(await measureRatio(pair, { ...options, rounds: options.rounds * 2 }), recorded)
}

/** Compares a ratio with the one recorded. */
export function verdictOf(ratio: number, recorded: number): Verdict {
  // Written so that a ratio that is not a number fails.
  return { ratio, isSlower: !(ratio <= recorded * TOLERANCE) }
}

/**
 * Measures a pair: one process for each server and each load, and rounds that alternate between the two.
 *
 * @returns The median of the ratios of CPU time for a request: ours divided by the reference, within each round.
 */
export async function measureRatio(pair: Pair, options: CheckOptions): Promise<number> {
  const parties: Measuring[] = []
  try {
    for (const party of [pair.ours, pair.reference]) parties.push(await Measuring.start(party, options))
    const costs: [number[], number[]] = [[], []]
    for (let round = 0; round < options.rounds; round++) {
      costs[0].push((await parties[0]?.cpuSecondsForRequest(options)) ?? Number.NaN)
      costs[1].push((await parties[1]?.cpuSecondsForRequest(options)) ?? Number.NaN)
    }
    return ratiosOf(...costs).median
  } finally {
    for (const party of parties) await party.stop()
  }
}

/** A server under its load, which pauses between rounds. */
class Measuring {
  readonly #server: ServerProcess
  readonly #load: LoadProcess

  private constructor(server: ServerProcess, load: LoadProcess) {
    this.#server = server
    this.#load = load
  }

  static async start({ command, load }: Party, options: CheckOptions): Promise<Measuring> {
    const server = await ServerProcess.start(command)
    try {
      const measuring = new Measuring(server, await LoadProcess.start(options.loadProgram, load(server.port)))
      await measuring.cpuSecondsForRequest({ warmUpMs: 0, durationMs: options.firstWarmUpMs })
      return measuring
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  async cpuSecondsForRequest(options: Pick<CheckOptions, 'warmUpMs' | 'durationMs'>): Promise<number> {
    const { warmUpMs, durationMs } = options
    const figures = await this.#load.measure({ warmUpMs, durationMs, serverPid: this.#server.pid })
    return figures.cpuSeconds / figures.requests
  }

  async stop(): Promise<void> {
    await this.#load.stop()
    await this.#server.stop()
  }
}

/** A quarter is more than the noise of a shared machine, and less than a regression that matters. */
const TOLERANCE = 1.25
