import { type AsyncHook, createHook } from 'node:async_hooks'
import { isLoadingModules } from './module-loaders.ts'
import { nodeHost } from './node-hosts.ts'
import { moveToHost } from './timers.ts'

/**
 * Watches what code of hosts asks Node for. Timers move to the clock of the host. What takes no virtual time keeps
 * it from passing until it is done: immediates, reads of real files, and the loading of modules.
 */
export class HostResources {
  readonly #hook: AsyncHook
  #hasNewImmediates = false
  /** The requests for files that are not complete, by their numbers. */
  readonly #fileReads = new Set<number>()
  /** Whether a thread may be loading a module. */
  #loads = false
  /** Ports of threads that have nothing to do with hosts. */
  #otherPorts = 0

  constructor() {
    // Promises are frequent, and not watched. Older versions of Node ignore the option.
    const options = {
      init: (id: number, type: string, _trigger: number, resource: object) =>
        this.#created(id, type, resource),
      after: (id: number) => {
        if (this.#fileReads.size > 0) this.#fileReads.delete(id)
      },
      trackPromises: false,
    }
    this.#hook = createHook(options)
  }

  /** Begins to watch. */
  start(): void {
    this.#otherPorts = activePorts()
    this.#hook.enable()
  }

  /** Ends the watch. */
  stop(): void {
    this.#hook.disable()
    this.#fileReads.clear()
  }

  /** Whether code of hosts waits for immediates, files or modules. */
  get areBusy(): boolean {
    return this.#hasNewImmediates || this.isReading
  }

  /** Waits for one turn of the event loop, in which all immediates are run that exist. */
  async turn(nextTurn: () => Promise<void>): Promise<void> {
    this.#hasNewImmediates = false
    await nextTurn()
  }

  /** Whether code of hosts waits for a real file, or for a module. */
  get isReading(): boolean {
    if (this.#fileReads.size > 0) return true
    if (!this.#loads) return false
    const ports = activePorts()
    this.#otherPorts = Math.min(this.#otherPorts, ports)
    this.#loads = ports > this.#otherPorts
    return this.#loads
  }

  #created(id: number, type: string, resource: object): void {
    if (!WATCHED.has(type) || nodeHost() === undefined) return
    if (type === 'Timeout') moveToHost(resource as NodeJS.Timeout)
    else if (type === 'Immediate') this.#hasNewImmediates = true
    else if (type !== 'MESSAGEPORT') this.#fileReads.add(id)
    else if (isLoadingModules()) this.#loads = true
  }
}

function activePorts(): number {
  return process.getActiveResourcesInfo().filter((type) => type === 'MessagePort').length
}

/** Types of `async_hooks`. */
const WATCHED: ReadonlySet<string> = new Set([
  'Timeout',
  'Immediate',
  'FSREQCALLBACK',
  'FSREQPROMISE',
  'FILEHANDLECLOSEREQ',
  'MESSAGEPORT',
])
