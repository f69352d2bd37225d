import type { Address, UDPAddress } from '../contracts/address.ts'
import type {
  ConnectionContext,
  Reactor,
  RunOptions,
  StopOptions,
  StopReport,
  SystemEvent,
  TriggerId,
  TriggerPhase,
} from '../contracts/reactor.ts'
import { ReactorAlreadyRunning, ReactorNotRunning } from '../errors.ts'
import { contained } from '../transport/contained.ts'
import { Alarm } from '../transport/alarm.ts'
import { diagnose } from '../transport/diagnostics.ts'
import type { Attempting, HostedTransport, TransportHost } from '../transport/transport-host.ts'
import type { Turn } from '../transport/turn.ts'
import { SystemEvents } from './system-events.ts'

/** A kind of reactor, and what it does at the edges of its run. */
export interface LifecycleEdges {
  readonly reactor: Reactor
  readonly turn: Turn
  /** Most connections it can hold. Default: any number. */
  readonly maxConnections?: number
  /** Most connections that wait for room, on all ports together. Default: any number. */
  readonly maxWaiting?: number
  /** Begins to keep the process alive and to listen for signals, as the options say. */
  started(options: RunOptions): void
  /** Undoes `started`, and cancels what was to be called later. */
  stopped(): void
}

/**
 * Starting, running and stopping, the same for every kind of reactor; and the one list of the ports,
 * connections and attempts to connect that a stop must see to.
 */
export class ReactorLifecycle implements TransportHost {
  readonly reactor: Reactor
  readonly turn: Turn
  readonly connections: Set<HostedTransport> = new Set()
  context: ConnectionContext | undefined
  readonly #closingWatchers = new Set<() => void>()
  readonly #bindings = new Set<Promise<void>>()
  readonly #ports = new Set<OpenPort>()
  readonly #attempts = new Set<Attempting>()
  readonly #edges: LifecycleEdges
  readonly #events: SystemEvents
  #run: Run = IDLE
  #whenRunning: (() => unknown)[] = []
  #changed: (() => void) | undefined
  #lastId = 0
  #waiting = 0

  constructor(edges: LifecycleEdges) {
    this.reactor = edges.reactor
    this.turn = edges.turn
    this.#edges = edges
    this.#events = new SystemEvents((event) => this.reactor.log(event))
  }

  get running(): boolean {
    return this.#run.is !== 'idle'
  }

  get stopping(): boolean {
    return this.#run.is === 'draining' || this.#run.is === 'cutting'
  }

  async run(options: RunOptions): Promise<void> {
    if (this.#run.is !== 'idle') throw new ReactorAlreadyRunning('Cannot run a reactor that is running')
    const finished = new Promise<void>((finish) => {
      this.#run = { is: 'running', finish }
    })
    const run = this.#run
    const wanted = (): boolean => this.#run === run
    this.#edges.started(options)
    await this.#events.fire('startup', wanted)
    if (wanted()) for (const call of this.#whenRunning.splice(0)) this.#call(call)
    return finished
  }

  async stop({ drainMs = DEFAULT_DRAIN_MS }: StopOptions): Promise<StopReport> {
    const run = this.#run
    if (run.is !== 'running') throw new ReactorNotRunning('Cannot stop a reactor that is not running')
    if (!(drainMs >= 0)) throw new RangeError(`Cannot drain for ${drainMs} ms: give 0 or more`)
    this.#run = STOPPING
    let report: StopReport = { completed: [], aborted: [] }
    const drain = this.#events.add('during', 'shutdown', async () => {
      report = await this.#drain(drainMs)
    })
    await this.#events.fire('shutdown')
    this.#events.remove(drain)
    this.#edges.stopped()
    this.#run = IDLE
    run.finish()
    return report
  }

  callWhenRunning(call: () => unknown): void {
    if (this.#run.is === 'running') this.#call(call)
    else this.#whenRunning.push(call)
  }

  /** Runs `call` in `phase` of `event`, every time it comes. */
  addTrigger(phase: TriggerPhase, event: SystemEvent, call: () => unknown): TriggerId {
    return this.#events.add(phase, event, call)
  }

  /** Does nothing when the trigger is gone already. */
  removeTrigger(id: TriggerId): void {
    this.#events.remove(id)
  }

  /** An address is being bound: a stop waits for it, so that no port comes up behind its back. */
  async binding(bound: Promise<void>): Promise<void> {
    this.#bindings.add(bound)
    try {
      await bound
    } finally {
      this.#bindings.delete(bound)
    }
    if (this.stopping) throw new Error('the reactor is stopping')
  }

  /** A port begins to accept connections, or to receive datagrams. */
  portOpened(port: OpenPort): void {
    this.#ports.add(port)
    diagnose('ropewalk.listen', () => ({ address: port.getHost() }))
  }

  /** A port accepts or receives no more. */
  portClosed(port: OpenPort): void {
    this.#ports.delete(port)
  }

  connectionOpened(transport: HostedTransport): number {
    this.connections.add(transport)
    return ++this.#lastId
  }

  get hasRoom(): boolean {
    return this.connections.size < (this.#edges.maxConnections ?? Infinity)
  }

  get hasRoomToWait(): boolean {
    return this.#waiting < (this.#edges.maxWaiting ?? Infinity)
  }

  waitingChanged(by: 1 | -1): void {
    this.#waiting += by
  }

  watchClosing(closed: () => void): () => void {
    this.#closingWatchers.add(closed)
    return () => this.#closingWatchers.delete(closed)
  }

  connectionClosed(transport: HostedTransport): void {
    this.connections.delete(transport)
    this.#changed?.()
    for (const closed of this.#closingWatchers) closed()
  }

  attemptStarted(attempt: Attempting): void {
    this.#attempts.add(attempt)
    if (this.#run.is === 'cutting') attempt.stopConnecting()
  }

  attemptEnded(attempt: Attempting): void {
    this.#attempts.delete(attempt)
    this.#changed?.()
  }

  /** A connection that a protocol needs to finish what it is at can still be made, until the deadline. */
  async #drain(drainMs: number): Promise<StopReport> {
    this.#run = DRAINING
    await Promise.allSettled(this.#bindings)
    const closed = Array.from(this.#ports, (port) => port.stopListening())
    this.#stopConnecting()
    await Promise.all(closed)
    // Named now: by its end a connection may have changed hands.
    const draining = Array.from(this.connections, (transport) => [transport, transport.label] as const)
    for (const [transport] of draining) transport.drain()
    const cut = new Set<HostedTransport>()
    const deadline = new Alarm(this.reactor, () => this.#cut(cut))
    deadline.set(drainMs)
    while (this.connections.size + this.#attempts.size > 0) await this.#change()
    deadline.clear()
    const labelsOf = (wereCut: boolean): string[] =>
      draining.filter(([transport]) => cut.has(transport) === wereCut).map(([, label]) => label)
    return { completed: labelsOf(false), aborted: labelsOf(true) }
  }

  #cut(cut: Set<HostedTransport>): void {
    this.#run = CUTTING
    for (const transport of this.connections) {
      cut.add(transport)
      transport.abortConnection()
    }
    this.#stopConnecting()
  }

  /** Those that run now: a factory may answer with another attempt. */
  #stopConnecting(): void {
    const attempts = Array.from(this.#attempts)
    for (const attempt of attempts) attempt.stopConnecting()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve
    })
  }

  #call(call: () => unknown): void {
    void contained(call, (error) =>
      this.reactor.log({ level: 'error', text: 'A call at startup failed', error }),
    )
  }
}

/** A port, of connections or of datagrams, as a stop sees it. */
export interface OpenPort {
  getHost(): Address | UDPAddress
  stopListening(): Promise<void>
}

/** A stop first runs the triggers that come before; then it drains; at the deadline it cuts what is left. */
type Run =
  | { readonly is: 'idle' | 'stopping' | 'draining' | 'cutting' }
  | { readonly is: 'running'; readonly finish: () => void }

const IDLE: Run = { is: 'idle' }
const STOPPING: Run = { is: 'stopping' }
const DRAINING: Run = { is: 'draining' }
const CUTTING: Run = { is: 'cutting' }
const DEFAULT_DRAIN_MS = 10_000
