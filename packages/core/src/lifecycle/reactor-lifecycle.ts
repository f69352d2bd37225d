import type { LogObserver } from '../contracts/log.ts'
import type {
  ListeningPort,
  ReactorTime,
  RunOptions,
  StopOptions,
  SystemEvent,
  TriggerId,
  TriggerPhase,
} from '../contracts/reactor.ts'
import { ReactorAlreadyRunning, ReactorNotRunning } from '../errors.ts'
import type { StreamTransport } from '../transport/stream-transport.ts'
import { SystemEvents } from './system-events.ts'

/** What a kind of reactor does at the edges of its run. */
export interface LifecycleEdges {
  readonly time: ReactorTime
  readonly log: LogObserver
  /** Begins to keep the process alive and to listen for signals, as the options say. */
  started(options: RunOptions): void
  /** Undoes `started`. */
  stopped(): void
}

/**
 * Starting, running and stopping, the same for every kind of reactor; and the one list of the ports
 * and connections that a stop must see to.
 */
export class ReactorLifecycle {
  readonly connections: Set<StreamTransport> = new Set()
  readonly ports: Set<ListeningPort> = new Set()
  readonly #edges: LifecycleEdges
  readonly #events: SystemEvents
  #run: Run = IDLE
  #whenRunning: (() => unknown)[] = []
  #whenEmpty: (() => void) | undefined
  #lastId = 0

  constructor(edges: LifecycleEdges) {
    this.#edges = edges
    this.#events = new SystemEvents(edges.log)
  }

  get running(): boolean {
    return this.#run.is !== 'idle'
  }

  async run(options: RunOptions): Promise<void> {
    if (this.#run.is !== 'idle') throw new ReactorAlreadyRunning('Cannot run a reactor that is running')
    const finished = new Promise<void>((finish) => {
      this.#run = { is: 'running', finish }
    })
    this.#edges.started(options)
    await this.#events.fire('startup')
    for (const call of this.#whenRunning.splice(0)) this.#call(call)
    return finished
  }

  async stop(options: StopOptions): Promise<void> {
    const run = this.#run
    if (run.is !== 'running') throw new ReactorNotRunning('Cannot stop a reactor that is not running')
    this.#run = STOPPING
    const drain = this.#events.add('during', 'shutdown', () =>
      this.#drain(options.drainMs ?? DEFAULT_DRAIN_MS),
    )
    await this.#events.fire('shutdown')
    this.#events.remove(drain)
    this.#edges.stopped()
    this.#run = IDLE
    run.finish()
  }

  callWhenRunning(call: () => unknown): void {
    if (this.#run.is === 'running') this.#call(call)
    else this.#whenRunning.push(call)
  }

  addTrigger(phase: TriggerPhase, event: SystemEvent, call: () => unknown): TriggerId {
    return this.#events.add(phase, event, call)
  }

  removeTrigger(id: TriggerId): void {
    this.#events.remove(id)
  }

  /** @returns the connection's id. */
  connectionOpened(transport: StreamTransport): number {
    this.connections.add(transport)
    return ++this.#lastId
  }

  connectionClosed(transport: StreamTransport): void {
    this.connections.delete(transport)
    if (this.connections.size === 0) this.#whenEmpty?.()
  }

  async #drain(drainMs: number): Promise<void> {
    await Promise.all(Array.from(this.ports, (port) => port.stopListening()))
    for (const transport of this.connections) transport.drain()
    const deadline = this.#edges.time.callLater(drainMs, () => {
      for (const transport of this.connections) transport.abortConnection()
    })
    await this.#emptied()
    if (deadline.active()) deadline.cancel()
  }

  #emptied(): Promise<void> | undefined {
    if (this.connections.size === 0) return undefined
    return new Promise((resolve) => (this.#whenEmpty = resolve))
  }

  #call(call: () => unknown): void {
    const failed = (error: unknown): void =>
      this.#edges.log({ level: 'error', text: 'A call at startup failed', error })
    try {
      void Promise.resolve(call()).catch(failed)
    } catch (error) {
      failed(error)
    }
  }
}

type Run =
  | { readonly is: 'idle' }
  | { readonly is: 'running'; readonly finish: () => void }
  | { readonly is: 'stopping' }

const IDLE: Run = { is: 'idle' }
const STOPPING: Run = { is: 'stopping' }
const DEFAULT_DRAIN_MS = 10_000
