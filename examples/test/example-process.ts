import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** An example that runs in a process of its own, as a user would run it. */
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
    // A test that fails before it stops its example must not leave it behind.
    const kill = (): void => this.kill()
    process.setMaxListeners(process.getMaxListeners() + 1)
    process.once('exit', kill)
    this.#exited = once(this.#child, 'close').then(([code]) => {
      process.off('exit', kill)
      process.setMaxListeners(process.getMaxListeners() - 1)
      return code as number | null
    })
  }

  /** Starts an example on a free port, and waits for the address it prints. */
  static start(name: string, ...args: string[]): Promise<ExampleProcess> {
    return ExampleProcess.startWith(name, ['tcp:0:interface=127.0.0.1', ...args])
  }

  /** Starts an example with these arguments alone, and waits for the address it prints. */
  static async startWith(name: string, args: readonly string[]): Promise<ExampleProcess> {
    return ExampleProcess.#started(name, new ExampleProcess(name, args))
  }

  /** The same; `memoryBytes` can be asked. */
  static startMeasured(name: string, args: readonly string[]): Promise<ExampleProcess> {
    return ExampleProcess.#started(name, new ExampleProcess(name, args, MEASURED))
  }

  static async #started(name: string, example: ExampleProcess): Promise<ExampleProcess> {
    while (example.port === 0) {
      const ended = await Promise.race([
        example.#exited,
        once(example.#child.stdout ?? example.#child, 'data'),
      ])
      if (typeof ended === 'number') throw new Error(`Cannot start ${name}: ${example.#errors}`)
    }
    return example
  }

  /** Runs an example that is to end by itself. */
  static async run(
    name: string,
    ...args: string[]
  ): Promise<{ code: number | null; output: string; errors: string }> {
    const example = new ExampleProcess(name, args)
    const code = await example.#within(10_000)
    return { code, output: example.#output, errors: example.#errors }
  }

  /** The port it printed; 0 before it has. */
  get port(): number {
    return Number(/(?:127\.0\.0\.1|localhost):(\d+)/.exec(this.#output)?.[1] ?? 0)
  }

  /** What it printed. */
  get output(): string {
    return this.#output
  }

  /** What it printed on stderr. */
  get errors(): string {
    return this.#errors
  }

  /** Whether it still runs. */
  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** How many files and sockets it has open. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length
  }

  /** The bytes it uses once its garbage is collected. For one that was started with `startMeasured`. */
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

  /** Presses Ctrl-C, and answers the exit code. */
  stop(): Promise<number | null> {
    this.#child.kill('SIGINT')
    return this.#within(10_000)
  }

  /**
   * Stops it, as `stop` does.
   *
   * @throws {Error} when it did not end cleanly, or complained.
   */
  async finish(): Promise<void> {
    const code = await this.stop()
    // A stop logs how many connections finished at it: clients of the tests keep theirs alive.
    const complaints = this.#errors.replaceAll(/^.* Connections that finished at the stop: \d+\n/gm, '')
    if (code !== 0 || complaints !== '') throw new Error(`It ended with ${code}: ${complaints}`)
  }

  /** Ends it, whatever it is at. */
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

/** Prints what it uses after a collection when it is sent SIGUSR2. */
const MEASURE = `process.on('SIGUSR2', () => {
  gc()
  // What buffers held is freed a little later.
  setImmediate(() => {
    gc()
    const { heapUsed, external } = process.memoryUsage()
    process.stderr.write('memory ' + (heapUsed + external) + '\\n')
  })
})`
const MEASURED = ['--expose-gc', '--import', `data:text/javascript,${encodeURIComponent(MEASURE)}`]

/** What Node needs to run TypeScript: nothing from 22.18 on. */
export const TYPESCRIPT: readonly string[] = 'typescript' in process.features ? [] : ['--import', 'tsx']
