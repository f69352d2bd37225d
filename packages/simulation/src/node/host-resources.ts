import { type AsyncHook, createHook } from 'node:async_hooks'
import { framesHere } from '../call-site.ts'
import { noteStream } from './http2.ts'
import { isLoadingModules } from './module-loaders.ts'
import { nodeHost } from './node-hosts.ts'
import { moveToHost } from './timers.ts'

/**
 * Watches what code of hosts asks Node for. Timers move to the clock of the host. What takes no virtual time keeps
 * it from passing until it is done: immediates, reads of real files, cryptography in other threads, and the loading of modules.
 */
export class HostResources {
  readonly #hook: AsyncHook
  /** The immediates that were created since the last turn. */
  readonly #newImmediates: NodeJS.Immediate[] = []
  /** The requests for files that are not complete, by their numbers. */
  readonly #fileReads = new Set<number>()
  /** The jobs of `node:crypto` that are not complete. */
  readonly #jobs = new Map<number, Job>()
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
        if (this.#jobs.size > 0) this.#jobs.delete(id)
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
    this.#newImmediates.length = 0
    this.#fileReads.clear()
    this.#jobs.clear()
  }

  /** Whether code of hosts waits for immediates, files or modules. */
  get areBusy(): boolean {
    return this.#newImmediates.length > 0 || this.isReading
  }

  /** Waits for one turn of the event loop, in which all immediates are run that exist. */
  async turn(nextTurn: () => Promise<void>): Promise<void> {
    this.#newImmediates.length = 0
    await nextTurn()
  }

  /** Clears the immediates that were not run, of a program that would create others without end. */
  clearImmediates(): void {
    for (const immediate of this.#newImmediates.splice(0)) clearImmediate(immediate)
  }

  /** Whether code of hosts waits for a real file, another thread, or a module. */
  get isReading(): boolean {
    if (this.#fileReads.size > 0 || this.#hasJobs()) return true
    if (!this.#loads) return false
    const ports = activePorts()
    this.#otherPorts = Math.min(this.#otherPorts, ports)
    this.#loads = ports > this.#otherPorts
    return this.#loads
  }

  /** Synchronous functions of crypto make jobs too, without a callback. */
  #hasJobs(): boolean {
    for (const [id, { ondone }] of this.#jobs) if (typeof ondone !== 'function') this.#jobs.delete(id)
    return this.#jobs.size > 0
  }

  #created(id: number, type: string, resource: object): void {
    if (!WATCHED.has(type) || nodeHost() === undefined) return
    if (type === 'Timeout') moveToHost(resource as NodeJS.Timeout)
    else if (type === 'Immediate') this.#newImmediates.push(resource as NodeJS.Immediate)
    else if (type === HTTP2_STREAM) noteStream(resource)
    else if (type !== 'MESSAGEPORT') this.#began(id, type, resource)
    else if (isLoadingModules()) this.#loads = true
  }

  #began(id: number, type: string, resource: Job): void {
    if (FILES.has(type)) this.#fileReads.add(id)
    else this.#jobs.set(id, isOfWebCrypto() ? ASYNCHRONOUS : resource)
  }
}

function activePorts(): number {
  return process.getActiveResourcesInfo().filter((type) => type === 'MessagePort').length
}

interface Job {
  /** Set when the job has been created, unless it is synchronous or of `crypto.subtle`. */
  readonly ondone?: unknown
}

function isOfWebCrypto(): boolean {
  return framesHere(STACK_DEPTH).some((frame) => frame.includes('node:internal/crypto/webcrypto'))
}

const ASYNCHRONOUS: Job = { ondone: () => undefined }
const STACK_DEPTH = 20

const FILES: ReadonlySet<string> = new Set(['FSREQCALLBACK', 'FSREQPROMISE', 'FILEHANDLECLOSEREQ'])
/** Types of `async_hooks` for work in other threads that hosts may use. */
export const THREADS: ReadonlySet<string> = new Set([
  ...FILES,
  'CHECKPRIMEREQUEST',
  'CIPHERREQUEST',
  'DERIVEBITSREQUEST',
  'HASHREQUEST',
  'KEYGENREQUEST',
  'KEYPAIRGENREQUEST',
  'PBKDF2REQUEST',
  'RANDOMBYTESREQUEST',
  'RANDOMPRIMEREQUEST',
  'SCRYPTREQUEST',
  'SIGNREQUEST',
  'VERIFYREQUEST',
])
const HTTP2_STREAM = 'HTTP2STREAM'
const WATCHED: ReadonlySet<string> = new Set([
  ...THREADS,
  'Timeout',
  'Immediate',
  HTTP2_STREAM,
  'MESSAGEPORT',
])
