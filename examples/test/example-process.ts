import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What an example did that has ended. */
interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** An example that runs in its own process, as a user runs it. */
export class ExampleProcess {
  readonly #child: ChildProcess
  readonly #exited: Promise<number | null>
  #output = ''
  #errors = ''

  private constructor(name: string, args: readonly string[], flags: readonly string[] = []) {
    const path = fileURLToPath(new URL(`../${name}.ts`, import.meta.url))
    this.#child = spawn(process.execPath, [...flags, ...TYPESCRIPT, path, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout?.on('data', (data: Buffer) => (this.#output += data.toString()))
    this.#child.stderr?.on('data', (data: Buffer) => (this.#errors += data.toString()))
    // A test that fails before it stops its example must not leave the process running.
    const kill = (): void => this.kill()
    process.setMaxListeners(process.getMaxListeners() + 1)
    process.once('exit', kill)
    this.#exited = once(this.#child, 'close').then(([code]) => {
      process.off('exit', kill)
      process.setMaxListeners(process.getMaxListeners() - 1)
      return code as number | null
    })
  }

  /** Starts an example on a free port of loopback, and waits until it prints its address. */
  static start(name: string, ...args: string[]): Promise<ExampleProcess> {
    return ExampleProcess.startWith(name, ['tcp:0:interface=127.0.0.1', ...args])
  }

  /** Starts an example with only these arguments, and waits until it prints its address. */
  static async startWith(name: string, args: readonly string[]): Promise<ExampleProcess> {
    return ExampleProcess.#started(name, new ExampleProcess(name, args))
  }

  /** Starts an example as `startWith` does, so that `memoryBytes` can be called. */
  static startMeasured(name: string, args: readonly string[]): Promise<ExampleProcess> {
    return ExampleProcess.#started(name, new ExampleProcess(name, args, MEASURED))
  }

  static async #started(name: string, example: ExampleProcess): Promise<ExampleProcess> {
    while (example.port === 0 && !example.#output.includes('unix:/')) {
      const ended = await Promise.race([
        example.#exited,
        once(example.#child.stdout ?? example.#child, 'data'),
      ])
      if (typeof ended === 'number') throw new Error(`Cannot start ${name}: ${example.#errors}`)
    }
    return example
  }

  /** Runs an example that ends by itself within 10 s. */
  static run(name: string, ...args: string[]): Promise<Ended> {
    return ExampleProcess.runWithin(10_000, name, ...args)
  }

  /** Runs an example that ends by itself within `limitMs`. */
  static async runWithin(limitMs: number, name: string, ...args: string[]): Promise<Ended> {
    const example = new ExampleProcess(name, args)
    const code = await example.#within(limitMs)
    return { code, output: example.#output, errors: example.#errors }
  }

  /** The port it printed; 0 until then, and for a UNIX socket. */
  get port(): number {
    return Number(/(?:127\.0\.0\.1|localhost):(\d+)/.exec(this.#output)?.[1] ?? 0)
  }

  /** Its standard output so far. */
  get output(): string {
    return this.#output
  }

  /** Its standard error so far. */
  get errors(): string {
    return this.#errors
  }

  /** Whether the process is running. */
  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** The number of files and sockets it has open. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length
  }

  /** How many times it has the file at `path` open. */
  opened(path: string): number {
    const real = realpathSync(path)
    const directory = `/proc/${this.#child.pid}/fd`
    return readdirSync(directory).filter((name) => linkAt(`${directory}/${name}`) === real).length
  }

  /**
   * The bytes it uses after a garbage collection. Only for a process that was started with `startMeasured`.
   */
  async memoryBytes(): Promise<number> {
    const before = this.#errors.length
    this.#child.kill('SIGUSR2')
    for (;;) {
      const [line, bytes] = /^memory (\d+)\n/m.exec(this.#errors.slice(before)) ?? []
      if (line !== undefined) {
        this.#errors = this.#errors.replace(line, '')
        return Number(bytes)
      }
      await once(this.#child.stderr ?? this.#child, 'data')
    }
  }

  /** Sends SIGINT as Ctrl-C does, and returns the exit code. */
  stop(): Promise<number | null> {
    this.#child.kill('SIGINT')
    return this.#within(10_000)
  }

  /**
   * Stops it as `stop` does.
   *
   * @throws {Error} when its exit code was not 0, or it wrote to standard error.
   */
  async finish(): Promise<void> {
    const code = await this.stop()
    // A stop logs how many connections it ended, because clients of the tests keep connections open.
    const complaints = this.#errors.replaceAll(/^.* Connections that finished at the stop: \d+\n/gm, '')
    if (code !== 0 || complaints !== '') throw new Error(`It ended with ${code}: ${complaints}`)
  }

  /** Ends it with SIGKILL. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async #within(ms: number): Promise<number | null> {
    const timer = setTimeout(() => this.kill(), ms)
    const code = await this.#exited
    clearTimeout(timer)
    return code
  }
}

/** The file that a descriptor in /proc leads to, or undefined for one that was closed meanwhile. */
function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** On SIGUSR2, collects garbage and prints the memory used. */
const MEASURE = `process.on('SIGUSR2', () => {
  gc()
  // The memory of buffers is freed in a later turn.
  setImmediate(() => {
    gc()
    const { heapUsed, external } = process.memoryUsage()
    process.stderr.write('memory ' + (heapUsed + external) + '\\n')
  })
})`
const MEASURED = ['--expose-gc', '--import', `data:text/javascript,${encodeURIComponent(MEASURE)}`]

/**
 * The flags with which Node runs TypeScript. A process that ends while V8 compiles in the background can wait
 * for ever from Node 24 on (nodejs/node#54918), so that the compiler of short programs runs on the main thread.
 */
export const TYPESCRIPT: readonly string[] = [
  '--no-concurrent-sparkplug',
  ...('typescript' in process.features ? [] : ['--import', 'tsx']),
]
