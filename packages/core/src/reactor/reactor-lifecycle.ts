import { counted } from '../bytes/remote-error.ts'
import { ReactorAlreadyRunning, ReactorNotRunning } from '../errors.ts'
import type { Address, UDPAddress } from '../addresses.ts'
import type { LogObserver } from '../interfaces/log.ts'
import type {
  ConnectionContext,
  Reactor,
  ReactorTime,
  RunOptions,
  StopOptions,
  StopReport,
  StopSignal,
  SystemEvent,
  TriggerId,
  TriggerPhase,
} from '../interfaces/reactor.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkOptions, checkValue, type FilledOptions, withDefaults } from '../options/check-options.ts'
import { anything, callable, flag, milliseconds, oneOf, type OptionRules } from '../options/option-rules.ts'
import { callSafely, tolerated } from '../safely.ts'
import { ResettableTimer } from '../time/timers.ts'
import type {
  Attempting,
  ConnectionRegistry,
  RegisteredConnection,
  Turn,
} from '../transport/connection-registry.ts'
import { diagnose } from '../transport/diagnostics.ts'
import { DrainedConnections, logReport } from './draining.ts'

/** A kind of reactor, and its callbacks at the start and end of a run. */
export interface LifecycleHooks {
  readonly reactor: Reactor
  readonly turn: Turn
  /** Most connections it can hold. Default: any number. */
  readonly maxConnections?: number
  /** Most connections that wait for admission, on all ports together. Default: any number. */
  readonly maxWaiting?: number
  /** Keeps the process alive from now on, and listens for signals if the options demand it. */
  started(options: RunOptions): void
  /** Undoes `started`, and cancels all delayed calls. */
  stopped(): void
  /**
   * Called when a drain takes longer than a second, with the number of connections and attempts that it waits
   * for.
   */
  stillDraining?: ((count: number) => void) | undefined
}

/**
 * Starts, runs and stops a reactor of any kind, and keeps the registry: its ports, its connections and its
 * attempts to connect, all of which a stop must end.
 */
export class ReactorLifecycle implements ConnectionRegistry {
  readonly reactor: Reactor
  readonly turn: Turn
  readonly registered: Set<RegisteredConnection> = new Set()
  /** The transports of the registered connections. */
  readonly transports: Set<Transport> = new Set()
  context: ConnectionContext | undefined
  readonly #closingWatchers = new Set<() => void>()
  readonly #bindings = new Set<Promise<void>>()
  readonly #ports = new Set<OpenPort>()
  readonly #attempts = new Set<Attempting>()
  readonly #hooks: LifecycleHooks
  readonly #events: SystemEvents
  #run: Run = IDLE
  #stop: Promise<StopReport> | undefined
  #whenRunning: (() => unknown)[] = []
  #changed: (() => void) | undefined
  #lastId = 0
  #waiting = 0

  constructor(hooks: LifecycleHooks) {
    this.reactor = hooks.reactor
    this.turn = hooks.turn
    this.#hooks = hooks
    this.#events = new SystemEvents((event) => this.reactor.log(event))
  }

  get running(): boolean {
    return this.#run.is !== 'idle'
  }

  get stopping(): boolean {
    return this.#run.is === 'draining' || this.#run.is === 'aborting'
  }

  /** True from the call of `stop` until the stop is complete. */
  get stopAsked(): boolean {
    return this.#stop !== undefined
  }

  async run(options: RunOptions): Promise<StopReport> {
    if (this.#run.is !== 'idle') throw new ReactorAlreadyRunning('Cannot run a reactor that is running')
    checkRunOptions(options)
    const finished = new Promise<StopReport>((finish) => {
      this.#run = { is: 'running', finish, stop: options.stop }
    })
    const run = this.#run
    const wanted = (): boolean => this.#run === run
    this.#hooks.started(options)
    // A stop ends the run even if a startup trigger never finishes.
    await Promise.race([this.#events.fire('startup', wanted), finished])
    if (wanted()) for (const call of this.#whenRunning.splice(0)) this.#call(call)
    return finished
  }

  /** @param signal The signal that caused the stop; undefined when the program called `stop`. */
  stop(options: StopOptions, signal?: StopSignal): Promise<StopReport> {
    if (this.#stop !== undefined) return this.#stop
    const run = this.#run
    if (run.is !== 'running') return this.#refuseStop()
    let settings: StopSettings
    try {
      settings = stopSettings(options, run.stop)
    } catch (error) {
      return Promise.reject(error)
    }
    let begin: () => void = () => undefined
    const stop = new Promise<StopReport>((resolve) => {
      begin = () => resolve(this.#carryOut(run, stop, settings, signal))
    })
    // Set before the first trigger runs, because a trigger may call stop too.
    this.#stop = stop
    begin()
    return stop
  }

  callWhenRunning(call: () => unknown): void {
    checkValue('callWhenRunning', 'call', call, callable)
    if (this.#run.is === 'running' || this.#run.is === 'delaying') this.#call(call)
    else this.#whenRunning.push(call)
  }

  /** Calls `call` in `phase` of every `event`; see `SystemEvents.add`. */
  addTrigger(phase: TriggerPhase, event: SystemEvent, call: () => unknown): TriggerId {
    return this.#events.add(phase, event, call)
  }

  /** Removes a trigger. Does nothing when it was removed already. */
  removeTrigger(id: TriggerId): void {
    this.#events.remove(id)
  }

  /**
   * Registers that an address is being bound: a stop waits for `bound`, so that it also closes the new port.
   *
   * @throws {Error} (rejects) when the reactor is stopping by then.
   */
  async binding(bound: Promise<void>): Promise<void> {
    this.#bindings.add(bound)
    try {
      await bound
    } finally {
      this.#bindings.delete(bound)
    }
    if (this.stopping) throw new Error('the reactor is stopping')
  }

  /** A port has started accepting connections or receiving datagrams. */
  portOpened(port: OpenPort): void {
    this.#ports.add(port)
    diagnose('ropewalk.listen', () => ({ address: port.getHost() }))
  }

  /** A port has stopped accepting connections or receiving datagrams. */
  portClosed(port: OpenPort): void {
    this.#ports.delete(port)
  }

  connectionOpened(connection: RegisteredConnection): number {
    this.registered.add(connection)
    this.transports.add(connection.transport)
    return ++this.#lastId
  }

  /**
   * Resources that are still held although no port, connection or attempt needs them, one line for each kind.
   */
  get leftovers(): readonly string[] {
    if (this.registered.size + this.#ports.size + this.#attempts.size > 0) return []
    const [watchers, bindings] = [this.#closingWatchers.size, this.#bindings.size]
    return [
      ...(this.#waiting === 0 ? [] : [`${counted(this.#waiting, 'connection')} counted as waiting`]),
      ...(watchers === 0 ? [] : [`${counted(watchers, 'watcher')} of closing connections`]),
      ...(bindings === 0 ? [] : [`${counted(bindings, 'address', 'addresses')} being bound`]),
    ]
  }

  get hasCapacity(): boolean {
    return this.registered.size < (this.#hooks.maxConnections ?? Infinity)
  }

  get hasWaitingCapacity(): boolean {
    return this.#waiting < (this.#hooks.maxWaiting ?? Infinity)
  }

  waitingChanged(by: 1 | -1): void {
    this.#waiting += by
  }

  watchClosing(closed: () => void): () => void {
    this.#closingWatchers.add(closed)
    return () => this.#closingWatchers.delete(closed)
  }

  connectionClosed(connection: RegisteredConnection): void {
    this.registered.delete(connection)
    this.transports.delete(connection.transport)
    this.#changed?.()
    for (const closed of this.#closingWatchers) closed()
  }

  attemptStarted(attempt: Attempting): void {
    this.#attempts.add(attempt)
    if (this.#run.is === 'aborting') attempt.stopConnecting()
  }

  attemptEnded(attempt: Attempting): void {
    this.#attempts.delete(attempt)
    this.#changed?.()
  }

  async #carryOut(
    run: Running,
    stop: Promise<StopReport>,
    settings: StopSettings,
    signal: StopSignal | undefined,
  ): Promise<StopReport> {
    if (settings.delayMs > 0) await this.#delay(settings.delayMs)
    this.#run = STOPPING
    const wait = { reactor: this.reactor, triggerMs: settings.triggerMs, except: stop }
    await this.#events.firePhase('before', 'shutdown', wait)
    const during = this.#events.firePhase('during', 'shutdown', wait)
    const drained = await this.#drain(settings)
    await during
    await this.#events.firePhase('after', 'shutdown', wait)
    const report = { ...drained.report(), ...(signal === undefined ? {} : { signal }) }
    logReport(report, this.reactor)
    this.#hooks.stopped()
    this.#run = IDLE
    this.#stop = undefined
    run.finish(report)
    return report
  }

  #delay(delayMs: number): Promise<void> {
    this.#run = DELAYING
    return new Promise((resolve) => new ResettableTimer(this.reactor, resolve).set(delayMs))
  }

  /**
   * A signal may have stopped the reactor first. If code does not await its own stop, that must not end the
   * process.
   */
  #refuseStop(): Promise<never> {
    const error = new ReactorNotRunning('Cannot stop a reactor that is not running')
    const text = 'A stop was requested while the reactor was not running'
    return tolerated<never>(
      Promise.reject(error),
      () => true,
      () => this.reactor.log({ level: 'warn', text, error }),
    )
  }

  /** Until the deadline, a protocol can still make connections that it needs to finish its work. */
  async #drain({ drainOverMs, drainMs }: StopSettings): Promise<DrainedConnections> {
    this.#run = DRAINING
    await Promise.allSettled(this.#bindings)
    const attempts = Array.from(this.#attempts)
    const closed = Array.from(this.#ports, (port) => port.stopListening())
    this.#stopConnecting()
    await Promise.all(closed)
    const draining = new DrainedConnections(this.reactor, drainOverMs, this.registered, attempts)
    draining.begin()
    const deadline = new ResettableTimer(this.reactor, () => this.#abortRest(draining))
    deadline.set(drainOverMs + drainMs)
    const { stillDraining } = this.#hooks
    const notice = new ResettableTimer(this.reactor, () => stillDraining?.(this.#open))
    if (stillDraining !== undefined) notice.set(NOTICE_MS)
    while (this.#open > 0) await this.#change()
    for (const timer of [deadline, notice]) timer.clear()
    draining.end()
    return draining
  }

  /** How many connections and attempts a stop waits for. */
  get #open(): number {
    return this.registered.size + this.#attempts.size
  }

  #abortRest(draining: DrainedConnections): void {
    this.#run = ABORTING
    draining.deadlineExpired([...this.registered, ...this.#attempts])
    for (const connection of this.registered) connection.abortConnection()
    this.#stopConnecting()
  }

  /** Cancels only the attempts that run now, because a factory may start another one in its callback. */
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
    void callSafely(call, (error) =>
      this.reactor.log({ level: 'error', text: 'A call at startup failed', error }),
    )
  }
}

/** A port of connections or datagrams, with the members that a stop uses. */
export interface OpenPort {
  getHost(): Address | UDPAddress
  stopListening(): Promise<void>
}

/**
 * The state of a run. A stop waits for `delayMs` (delaying), runs the triggers before the shutdown
 * (stopping), drains the connections (draining), and aborts the rest at the deadline (aborting).
 */
type Run = { readonly is: 'idle' | 'delaying' | 'stopping' | 'draining' | 'aborting' } | Running

interface Running {
  readonly is: 'running'
  /** The options of a stop that were given to `run`. */
  readonly stop: StopOptions | undefined
  readonly finish: (report: StopReport) => void
}

/** How long a phase waits for the promises of its triggers. */
export interface PhaseWait {
  readonly reactor: ReactorTime
  /**
   * Longest wait for one trigger in milliseconds. Then this is logged, and the phase continues without it.
   */
  readonly triggerMs: number
  /** The promise of the stop that runs the phase. It is not awaited when a trigger returns it. */
  readonly except: Promise<unknown>
}

/** The triggers of a reactor's start and stop. */
export class SystemEvents {
  readonly #log: LogObserver
  readonly #triggers: Trigger[] = []

  constructor(log: LogObserver) {
    this.#log = log
  }

  /**
   * Calls `call` in `phase` of every `event`.
   *
   * @throws {TypeError | RangeError} when the phase or the event does not exist, or `call` is not a function.
   */
  add(phase: TriggerPhase, event: SystemEvent, call: () => unknown): TriggerId {
    checkValue('addSystemEventTrigger', 'phase', phase, oneOf(...PHASES))
    checkValue('addSystemEventTrigger', 'event', event, oneOf('startup', 'shutdown'))
    checkValue('addSystemEventTrigger', 'call', call, callable)
    const trigger = { phase, event, call }
    this.#triggers.push(trigger)
    return trigger
  }

  /** Removes a trigger. Does nothing when it was removed already. */
  remove(id: TriggerId): void {
    const at = this.#triggers.findIndex((trigger) => trigger === id)
    if (at >= 0) this.#triggers.splice(at, 1)
  }

  /**
   * Runs the triggers of `event` in the phases before, during and after; within a phase, in the order in
   * which they were added. Each phase waits for the promises of the phase before it. A failure of a trigger
   * is logged.
   *
   * @param wanted Called before each phase. If it returns false, the remaining phases are skipped.
   */
  async fire(event: SystemEvent, wanted: () => boolean = () => true): Promise<void> {
    for (const phase of PHASES) {
      if (!wanted()) return
      await this.firePhase(phase, event)
    }
  }

  /** Runs the triggers of one phase. Resolves when each has finished or its time of `wait` is over. */
  async firePhase(phase: TriggerPhase, event: SystemEvent, wait?: PhaseWait): Promise<void> {
    const due = this.#triggers.filter((trigger) => trigger.event === event && trigger.phase === phase)
    await Promise.all(due.map((trigger) => this.#run(trigger, wait)))
  }

  async #run({ phase, event, call }: Trigger, wait: PhaseWait | undefined): Promise<void> {
    const done = callSafely(
      () => {
        const result = call()
        return result === wait?.except ? undefined : result
      },
      (error) => this.#log({ level: 'error', text: `A trigger ${phase} ${event} failed`, error }),
    )
    if (done === undefined || wait === undefined) return done
    const { reactor, triggerMs } = wait
    await new Promise<void>((resolve) => {
      const late = new ResettableTimer(reactor, () => {
        const text = `A trigger ${phase} ${event} has not finished in {triggerMs} ms; the reactor continues without it`
        this.#log({ level: 'error', text, fields: { triggerMs }, label: call.name || undefined })
        resolve()
      })
      late.set(triggerMs)
      void done.then(() => {
        late.clear()
        resolve()
      })
    })
  }
}

interface Trigger extends TriggerId {
  readonly call: () => unknown
}

/** Every option of a stop. */
export type StopSettings = FilledOptions<StopOptions>

/** The default options of a stop. */
export const DEFAULT_STOP_OPTIONS: StopSettings = {
  delayMs: 0,
  triggerMs: 30_000,
  drainOverMs: 0,
  drainMs: 10_000,
}

/**
 * Checks the options of `run`.
 *
 * @throws {TypeError | RangeError} when an option is unknown, of the wrong type or out of range.
 */
export function checkRunOptions(options: RunOptions): void {
  checkOptions('run', options, RUN_RULES)
  checkOptions('run, option stop', options.stop, STOP_RULES)
}

/**
 * Returns the options of one stop. Options given to `stop` override those given to `run`, which override the
 * defaults.
 *
 * @throws {TypeError | RangeError} when an option is unknown, of the wrong type or out of range.
 */
export function stopSettings(own: StopOptions, ofRun: StopOptions | undefined): StopSettings {
  const defaults = withDefaults('run, option stop', DEFAULT_STOP_OPTIONS, ofRun, STOP_RULES)
  return withDefaults('stop', defaults, own, STOP_RULES)
}

const IDLE: Run = { is: 'idle' }
const DELAYING: Run = { is: 'delaying' }
const STOPPING: Run = { is: 'stopping' }
const DRAINING: Run = { is: 'draining' }
const ABORTING: Run = { is: 'aborting' }
/** How long a drain may take before `stillDraining` is called. */
const NOTICE_MS = 1000
const PHASES: readonly TriggerPhase[] = ['before', 'during', 'after']
const STOP_RULES: OptionRules<StopSettings> = {
  delayMs: milliseconds(),
  triggerMs: milliseconds(),
  drainOverMs: milliseconds(),
  drainMs: milliseconds(),
}
const RUN_RULES: OptionRules<RunOptions> = { installSignalHandlers: flag, stop: anything }
