import { once } from 'node:events'
import type { LoadSpec } from './load/kinds.ts'
import type { Figures, LoadReply, LoadRequest, Measurement } from './load/messages.ts'
import { IS_PINNED, LOAD_CORE, PinnedProcess, SERVER_CORE } from './pinned-process.ts'

/**
 * A load in a process of its own, on the core for loads.
 *
 * ```ts
 * const load = await LoadProcess.start(installation.loadProgram, {
 *   kind: 'tcp-echo',
 *   options: { port: server.port, connections: 50, inFlight: 1, bytes: 64 },
 * })
 * const figures = await load.measure({ warmUpMs: 500, durationMs: 2000, serverPid: server.pid })
 * await load.stop()
 * ```
 */
export class LoadProcess {
  readonly #process: PinnedProcess

  private constructor(process: PinnedProcess) {
    this.#process = process
  }

  /**
   * Starts the process, and opens all connections of the load.
   *
   * @param program The load program, which an `Installation` has.
   * @param spec One of the kinds in `load/kinds.ts`, with its options.
   * @throws {Error} with the output of the process, when the server does not behave as expected.
   */
  static async start(program: string, spec: LoadSpec): Promise<LoadProcess> {
    const process = new PinnedProcess([...NODE, program], LOAD_CORE, ['ignore', 'pipe', 'pipe', 'ipc'])
    const load = new LoadProcess(process)
    await load.#request({ type: 'open', load: spec })
    return load
  }

  /** Runs the load, and measures. Between measurements the connections stay open and send nothing. */
  async measure(measurement: Omit<Measurement, 'cores'>): Promise<Figures> {
    const cores = IS_PINNED ? { cores: { server: SERVER_CORE, load: LOAD_CORE } } : {}
    const reply = await this.#request({ type: 'measure', ...measurement, ...cores })
    if (reply.type !== 'measured') throw new Error(`Cannot use the reply ${reply.type} as a measurement`)
    return reply.figures
  }

  /** Ends the process, which closes all connections. */
  stop(): Promise<void> {
    return this.#process.stop()
  }

  async #request(request: LoadRequest): Promise<LoadReply> {
    const { child } = this.#process
    const abort = new AbortController()
    const { signal } = abort
    child.send(request)
    try {
      const ended = once(child, 'close', { signal }).then(() => {
        throw new Error(`The load has ended: ${this.#process.output}`)
      })
      const [reply] = await Promise.race([once(child, 'message', { signal }), ended])
      return reply as LoadReply
    } finally {
      abort.abort()
    }
  }
}

/** A large nursery keeps the collector out of the measurement. */
const NODE = [process.execPath, '--max-semi-space-size=64']
