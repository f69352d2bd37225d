import type { SimulatedHost } from './host/simulated-host.ts'

/** How hosts run plain Node programs. `@ropewalk/simulation/node` provides it. */
export interface NodePrograms {
  /** From now on, code of this host gets the simulated modules of Node. */
  adopt(host: SimulatedHost): void
  /** Whether code of this host gets them. */
  isNode(host: SimulatedHost): boolean
  /** Whether the host gets a simulated resource of this `async_hooks` type. */
  simulates(host: SimulatedHost, type: string): boolean
  /**
   * Begins to act for Node, while virtual time passes.
   *
   * @param simulation Identifies the simulation whose time passes.
   * @param failed Called with an exception that no code caught, when it belongs to no host.
   * @returns a function that ends it.
   */
  enter(simulation: object, failed: (error: unknown) => void): () => void
  /** Called when a scenario has ended: frees what Node keeps for the hosts of its simulation. */
  forget(): void
  /**
   * Called when the code of an event has run.
   *
   * @returns undefined, or a promise that resolves when what takes no virtual time is done, such as immediates;
   * with a string, why the run fails.
   */
  eventEnded(nextTurn: () => Promise<void>): Promise<string | undefined> | undefined
}

/** One for the process, because Node's modules are. */
const PROVIDED: { programs?: NodePrograms } = {}

/** Sets what runs plain Node programs. */
export function provideNodePrograms(programs: NodePrograms): void {
  PROVIDED.programs = programs
}

/** What runs plain Node programs; undefined until `install` of `@ropewalk/simulation/node` was called. */
export function nodePrograms(): NodePrograms | undefined {
  return PROVIDED.programs
}

/** Thrown by `process.exit` in a host, because it must not return. */
export class ProgramExited extends Error {
  override readonly name = 'ProgramExited'

  constructor(code: number | string | null | undefined) {
    super(`The program of a host has exited with ${code ?? 0}`)
  }
}
