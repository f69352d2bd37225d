import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** What a server has used since its start. */
export interface Usage {
  readonly cpuMs: number
  readonly rssBytes: number
  readonly connections: number
}

/** A server of the directory `servers/` in a separate process, run by Node without a loader. */
export class ServerProcess {
  readonly port: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  /** Starts `servers/<name>.mjs`; with `exposeGC` it collects garbage before it reports its usage. */
  static async start(
    name: string,
    { args = [], exposeGC = false }: { args?: readonly string[]; exposeGC?: boolean } = {},
  ): Promise<ServerProcess> {
    const script = new URL(`servers/${name}.mjs`, import.meta.url)
    const child = fork(script, args, { execArgv: exposeGC ? ['--expose-gc'] : [] })
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    return new ServerProcess(child, port)
  }

  /** Requests the usage of the server so far. */
  async usage(): Promise<Usage> {
    this.#child.send('usage')
    const [usage] = (await once(this.#child, 'message')) as [Usage]
    return usage
  }

  /** Stops the server and waits for its exit. */
  async stop(): Promise<void> {
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }
}
