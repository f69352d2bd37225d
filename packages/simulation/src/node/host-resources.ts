import { createHook } from 'node:async_hooks'
import { isLoadingModules } from './module-loaders.ts'
import { nodeHost } from './node-hosts.ts'
import { moveToHost } from './timers.ts'

/**
 * Watches what code of hosts asks Node for. Timers move to the clock of the host. What takes no virtual time keeps
 * it from passing until it is done: immediates, reads of real files, and the loading of modules.
 */
export class HostResources {
  readonly #hook = createHook({
    init: (_id, type, _trigger, resource) => {
      if (!WATCHED.has(type) || nodeHost() === undefined) return
      if (type === 'Timeout') moveToHost(resource as NodeJS.Timeout)
      else if (type === 'Immediate') this.#hasNewImmediates = true
      else if (type !== 'MESSAGEPORT' || isLoadingModules()) this.#hasReads = true
    },
  })
  #hasNewImmediates = false
  #hasReads = false
  /** Active resources of these types that have nothing to do with hosts. */
  #others = 0

  /** Begins to watch. */
  start(): void {
    this.#others = activeReads()
    this.#hook.enable()
  }

  /** Ends the watch. */
  stop(): void {
    this.#hook.disable()
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
    this.#hasReads &&= activeReads() > this.#others
    return this.#hasReads
  }
}

function activeReads(): number {
  return process.getActiveResourcesInfo().filter((type) => READS.has(type)).length
}

/** Types of `async_hooks`. */
const WATCHED: ReadonlySet<string> = new Set([
  'Timeout',
  'Immediate',
  'FSREQCALLBACK',
  'FSREQPROMISE',
  'FILEHANDLE',
  'FILEHANDLECLOSEREQ',
  'MESSAGEPORT',
])
/** The same of `process.getActiveResourcesInfo`. */
const READS: ReadonlySet<string> = new Set([
  'FSReqCallback',
  'FSReqPromise',
  'FileHandleCloseReq',
  'CloseReq',
  'MessagePort',
])
