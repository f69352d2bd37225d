import { type ChildProcess, spawn, spawnSync, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'

/** The core of the server that is measured; nothing else of the benchmark runs there. */
export const SERVER_CORE = 0
/** The core of the process that makes the load. */
export const LOAD_CORE = 1

/** Whether servers and loads have a core each: the machine has two, and `taskset`. */
export const IS_PINNED: boolean =
  availableParallelism() > Math.max(SERVER_CORE, LOAD_CORE) && exists('taskset')

/**
 * A child process that keeps to one core where `taskset` exists, with the last of its output for errors.
 *
 * It ends with this process, also when the kernel kills that, where `setpriv` exists.
 */
export class PinnedProcess {
  readonly child: ChildProcess
  /** The id of the program itself: `setpriv` and `taskset` replace themselves by it. */
  readonly pid: number
  #output = ''

  constructor(command: readonly string[], core: number, stdio: StdioOptions) {
    const pin = IS_PINNED ? ['taskset', '--cpu-list', String(core)] : []
    const [program = '', ...args] = [...ENDS_WITH_PARENT, ...pin, ...command]
    this.child = spawn(program, args, { stdio, env: { ...process.env, NODE_ENV: 'production' } })
    this.pid = this.child.pid ?? 0
    // An error of ours must not leave a server behind.
    const kill = (): void => void this.child.kill()
    process.on('exit', kill)
    this.child.on('exit', () => process.off('exit', kill))
    this.child.on('error', (error) => this.#note(error.message))
    this.child.stdout?.on('data', (data: Buffer) => this.#note(data.toString()))
    this.child.stderr?.on('data', (data: Buffer) => this.#note(data.toString()))
  }

  /** Whether the process has ended or could not be started. */
  get hasEnded(): boolean {
    return this.pid === 0 || this.child.exitCode !== null || this.child.signalCode !== null
  }

  /** The last lines that the process has printed. */
  get output(): string {
    return this.#output
  }

  /** Ends the process, by force if it is still there after two seconds, and waits for its end. */
  async stop(): Promise<void> {
    if (this.hasEnded) return
    const ended = once(this.child, 'exit')
    this.child.kill()
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 2000)
    await ended
    clearTimeout(timer)
  }

  #note(text: string): void {
    this.#output = (this.#output + text).slice(-2000)
  }
}

function exists(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
}

/** @see prctl(2), PR_SET_PDEATHSIG */
const ENDS_WITH_PARENT = exists('setpriv') ? ['setpriv', '--pdeathsig', 'KILL'] : []
