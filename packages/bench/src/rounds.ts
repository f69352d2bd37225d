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
 * @param missing Called with the name of each server that is left out, because it is not installed.
 * @returns What was measured of each server that is installed, in the order of the workload.
 */
export async function measureRounds(
  workload: Workload,
  installation: Installation,
  { rounds, warmUpMs, durationMs }: RoundOptions,
  missing: (name: string) => void,
): Promise<readonly Rounds[]> {
  const compared = workload.servers.flatMap((server) => {
    const command = commandOf(server, installation)
    if (command === undefined) missing(server.name)
    return command === undefined ? [] : [{ server, command, measured: [] as Measured[] }]
  })
  for (let round = 0; round < rounds; round++) {
    for (const { server, command, measured } of compared) {
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
      return { ...figures, peakBytes: server.peakBytes() }
    } finally {
      await load.stop()
    }
  } finally {
    await server.stop()
  }
}
