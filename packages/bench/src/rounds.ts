import type { Installation } from './installation.ts'
import type { Figures } from './load/messages.ts'
import { LoadProcess } from './load-process.ts'
import { ServerProcess } from './server-process.ts'
import { commandOf, type Server } from './servers.ts'
import type { Workload } from './workloads.ts'

/** How long, and how often, each server is measured. */
export interface RoundOptions {
  readonly rounds: number
  readonly warmUpMs: number
  readonly durationMs: number
}

/** What is notified of the progress of measurements. */
export interface Observer {
  /** Called with the name of each server that is left out, because it is not installed. */
  readonly missing: (server: string) => void
  /** Called before each measurement with what is measured. */
  readonly measuring: (what: string) => void
}

/** One server in one round. */
interface Measured extends Figures {
  /** The most resident memory of the server. */
  readonly peakBytes: number
}

/** All rounds of one server. */
export interface Rounds {
  readonly server: Server
  readonly measured: readonly Measured[]
}

/**
 * Measures the servers of a workload in turn, in each round every one of them, in a fresh process.
 *
 * @returns What was measured of each server that is installed, in the order of the workload.
 * @throws {Error} when a server cannot be measured, also when it sends no reply in the time of a round.
 */
export async function measureRounds(
  workload: Workload,
  installation: Installation,
  { rounds, warmUpMs, durationMs }: RoundOptions,
  observer: Observer,
): Promise<readonly Rounds[]> {
  const compared = workload.servers.flatMap((server) => {
    const command = commandOf(server, installation)
    if (command === undefined) observer.missing(server.name)
    return command === undefined ? [] : [{ server, command, measured: [] as Measured[] }]
  })
  for (let round = 0; round < rounds; round++) {
    for (const { server, command, measured } of compared) {
      observer.measuring(`${workload.name}, round ${round + 1} of ${rounds}: ${server.name}`)
      try {
        measured.push(await measureOnce(command, workload, installation, { warmUpMs, durationMs }))
      } catch (cause) {
        throw new Error(`Cannot measure ${server.name} with ${workload.name}`, { cause })
      }
    }
  }
  return compared
}

async function measureOnce(
  command: (port: number) => readonly string[],
  workload: Workload,
  installation: Installation,
  options: Pick<RoundOptions, 'warmUpMs' | 'durationMs'>,
): Promise<Measured> {
  const server = await ServerProcess.start(command)
  try {
    const load = await LoadProcess.start(installation.loadProgram, workload.load(server.port))
    try {
      const figures = await load.measure({ ...options, serverPid: server.pid })
      if (figures.requests === 0 || figures.cpuSeconds === 0)
        throw new Error(
          `${options.durationMs} ms are too short: ${figures.requests} replies in ${figures.cpuSeconds} s of CPU time`,
        )
      return { ...figures, peakBytes: server.peakBytes() }
    } finally {
      await load.stop()
    }
  } finally {
    await server.stop()
  }
}
