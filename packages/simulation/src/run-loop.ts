import { AsyncLocalStorage } from 'node:async_hooks'
import { CallSite } from './call-site.ts'
import { errorText } from './error-text.ts'
import type { SimulatedHost } from './host/simulated-host.ts'
import { nodePrograms, ProgramExited } from './node-programs.ts'
import { fakedTimer, nextTurn } from './real/machine.ts'
import { type RealWork, watchRealWork } from './real/real-work.ts'
import type { SeededWorld } from './real/seeded-functions.ts'
import { SeededGlobals } from './real/seeded-globals.ts'
import { catchExceptions } from './real/uncaught-exceptions.ts'
import { watchUnhandledRejections } from './real/unhandled-rejections.ts'
import { isThenable } from '@ropewalk/core/reactor'
import type { EventQueue } from './time/event-queue.ts'

/** The constructor arguments of `RunLoop`. */
export interface RunLoopSetup {
  readonly seed: string
  readonly events: EventQueue
  /** Whether the globals for time and randomness follow the seed for code in hosts. */
  readonly seedGlobals: boolean
  /** Returns the newest lines of the trace, for the message of a failure. */
  readonly recentLines: () => readonly string[]
  /** Called after each event that ran code, when its promise jobs have run. */
  readonly afterEvent: () => void
}

/** The host whose code runs now, of any simulation; undefined for code outside of hosts. */
export function runningHost(): SimulatedHost | undefined {
  return RUNNING.getStore()?.host
}

/** Runs the events of a timeline. Promise jobs that an event causes run before the next event. */
export class RunLoop {
  readonly #setup: RunLoopSetup
  #ran = false
  #events = 0
  #eventsNow = 0
  #failure: SimulationFailed | undefined
  #watches = 0

  constructor(setup: RunLoopSetup) {
    this.#setup = setup
  }

  /** How many events have been run. */
  get events(): number {
    return this.#events
  }

  /** Whether virtual time passes now. */
  get isRunning(): boolean {
    return this.#watches > 0
  }

  /** Lets `ms` milliseconds of virtual time pass. @throws {SimulationFailed} (rejects) when the run fails. */
  run(ms: number): Promise<void> {
    return this.#watched(async () => {
      const { events } = this.#setup
      const until = events.nowMs + ms
      await nextTurn()
      while (events.nextMs <= until) await this.#step()
      events.moveTo(until)
    })
  }

  /**
   * Lets virtual time pass until `condition` returns true.
   *
   * @throws {SimulationFailed} (rejects) when it does not within `timeoutMs` virtual milliseconds, or the run
   * fails.
   */
  runUntil(condition: () => boolean, timeoutMs: number): Promise<void> {
    return this.#watched(async () => {
      const { events } = this.#setup
      const until = events.nowMs + timeoutMs
      // Promise jobs that began outside of any event, for example in a test, run first.
      await nextTurn()
      while (!holds(condition)) {
        if (events.nextMs > until)
          this.fail(`runUntil: the condition did not hold within ${timeoutMs} ms`, undefined)
        else await this.#step()
        this.throwIfFailed()
      }
    })
  }

  /**
   * Lets virtual time pass until no event is left, but for those in the background.
   *
   * @throws {SimulationFailed} (rejects) when the run fails.
   */
  runUntilIdle(): Promise<void> {
    return this.#watched(async () => {
      const { events } = this.#setup
      await nextTurn()
      while (!events.isIdle) await this.#step()
    })
  }

  /** Runs a callback of a host. If it throws or rejects, the run fails. */
  execute(host: SimulatedHost, call: () => unknown): void {
    this.executeOutside(host.name, () => RUNNING.run({ loop: this, host }, call))
  }

  /** Runs a callback that belongs to no host. If it throws or rejects, the run fails. */
  executeOutside(what: string, call: () => unknown): void {
    this.happens()
    try {
      const result = call()
      if (result instanceof Promise) result.catch((error: unknown) => this.fail(`${what} failed`, error))
    } catch (error) {
      this.fail(`${what} failed`, error)
    }
  }

  /** Notes that the current event runs code, so that its promise jobs must run before the next event. */
  happens(): void {
    this.#ran = true
  }

  /**
   * Fails the run. The first failure is kept, and thrown after the current event.
   *
   * @param earlier Lines of the trace that the message shows with the newest ones, if it would not show them.
   */
  fail(why: string, cause: unknown, earlier: readonly string[] = []): void {
    const { seed, events, recentLines } = this.#setup
    if (cause instanceof ProgramExited) return
    this.#failure ??= new SimulationFailed(
      seed,
      events.nowMs,
      why,
      cause,
      withEarlier(earlier, recentLines()),
    )
  }

  /** Throws the failure of the run, if there is one. @throws {SimulationFailed} when the run has failed. */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  async #step(): Promise<void> {
    const { events, afterEvent } = this.#setup
    this.#events++
    const before = events.nowMs
    this.#ran = false
    events.step()
    this.#eventsNow = events.nowMs === before ? this.#eventsNow + 1 : 0
    if (this.#eventsNow > MAX_EVENTS_NOW)
      this.fail(`Virtual time did not advance in ${MAX_EVENTS_NOW} events`, undefined)
    // Promise jobs belong to the event that caused them.
    if (this.#ran) {
      await this.#settle()
      afterEvent()
    }
    this.throwIfFailed()
  }

  /** Waits until the code that the event caused has run. */
  async #settle(): Promise<void> {
    await nextTurn()
    const why = await nodePrograms()?.eventEnded(nextTurn)
    if (why !== undefined) this.fail(why, undefined)
  }

  async #watched(run: () => Promise<void>): Promise<void> {
    const faked = fakedTimer()
    if (faked !== undefined)
      throw new Error(
        `Cannot let virtual time pass while ${faked} is faked: call vi.useRealTimers() before, because hosts have timers of their own`,
      )
    const endWatch = watchRealWork(
      (type) => this.#running(type),
      (host, work) => this.#sawRealWork(host, work),
      threwIn,
    )
    const endListening = watchUnhandledRejections((reason) => this.#unhandledRejection(reason))
    const putBack = this.#setup.seedGlobals ? GLOBALS.enter(() => this.#world()) : undefined
    const outside = (error: unknown): void =>
      this.fail('An exception of code outside of hosts was not caught', error)
    const leaveNode =
      nodePrograms()?.enter(this, outside) ?? catchExceptions((error) => uncaught(error, outside))
    this.#watches++
    try {
      await run()
    } finally {
      this.#watches--
      leaveNode()
      putBack?.()
      endWatch()
      endListening()
    }
    this.throwIfFailed()
  }

  /**
   * The host whose code runs now; undefined for code outside of this simulation's hosts.
   *
   * @param type Returns no host for which a resource of this type is simulated.
   */
  #running(type?: string): SimulatedHost | undefined {
    const running = RUNNING.getStore()
    if (running?.loop !== this) return undefined
    const isSimulated = type !== undefined && nodePrograms()?.simulates(running.host, type) === true
    return isSimulated ? undefined : running.host
  }

  #world(): SeededWorld | undefined {
    const host = this.#running()
    if (host?.life === undefined) return undefined
    const { clock } = host.life
    return {
      random: host.random,
      now: () => asked(host, clock.now()),
      wallClock: () => asked(host, clock.wallClock()),
      refuse: (what, instead) => this.#sawRealWork(host, { what, instead, askedAt: new CallSite().text }),
    }
  }

  #sawRealWork(host: SimulatedHost, { what, instead, askedAt }: RealWork): void {
    const request = [host.name, 'asks for', what, askedAt].join(' ').trim()
    const isNode = nodePrograms()?.isNode(host) === true
    this.fail(`${request}: ${isNode ? NOT_SIMULATED : instead}`, undefined)
  }

  /** Fails the run for a rejection in a host of this simulation, or in code that belongs to no simulation. */
  #unhandledRejection(reason: unknown): void {
    const running = RUNNING.getStore()
    if (running !== undefined && running.loop !== this) return
    const promise = running === undefined ? 'A promise' : `A promise of ${running.host.name}`
    this.fail(`${promise} was rejected, and the rejection was not handled`, reason)
  }
}

/** Fails the run of the host whose code has thrown `error`. @param outside Called for code outside of hosts. */
export function uncaught(error: unknown, outside: (error: unknown) => void): void {
  const host = runningHost()
  if (host === undefined) return outside(error)
  threwIn(host, error)
}

function threwIn(host: SimulatedHost, error: unknown): void {
  host.execute(() => {
    throw error
  })
}

/** @throws {TypeError} when the condition returns a promise, which is true whatever it resolves to. */
function holds(condition: () => boolean): boolean {
  const result: unknown = condition()
  if (isThenable(result)) throw new TypeError('runUntil: the condition returned a promise: it must not wait')
  return Boolean(result)
}

function asked(host: SimulatedHost, ms: number): number {
  host.clockAsked()
  return ms
}

/** A run failed. A run with the same `seed` fails in the same way. */
export class SimulationFailed extends Error {
  override readonly name = 'SimulationFailed'
  readonly seed: string
  /** Virtual time of the failure, in milliseconds. */
  readonly atMs: number
  /** What failed, with the messages of its causes, in one line without the seed and the time. */
  readonly why: string
  /** The newest lines of the trace, with payloads as text and with the lines that hosts logged. */
  readonly lastLines: readonly string[]

  constructor(seed: string, atMs: number, why: string, cause: unknown, lastLines: readonly string[] = []) {
    const explained = cause === undefined ? why : `${why}: ${errorText(cause)}`
    super(
      `Seed ${seed} at ${atMs.toFixed(3)} ms: ${explained}${describeLastLines(lastLines)}`,
      cause === undefined ? {} : { cause },
    )
    this.seed = seed
    this.atMs = atMs
    this.why = explained
    this.lastLines = lastLines
  }
}

/** Formats the newest lines of a trace for the message of a failure. */
export function describeLastLines(lines: readonly string[]): string {
  return lines.length === 0 ? '' : ['\n  The last events:', ...lines].join('\n    ')
}

/** Some of the lines that came earlier, and of the newest ones, when these are all newer. */
function withEarlier(earlier: readonly string[], newest: readonly string[]): readonly string[] {
  const last = earlier.at(-1)
  if (last === undefined || newest.includes(last)) return newest
  const shown = earlier.slice(-EARLIER_LINES)
  return [...shown, '…', ...newest.slice(shown.length + 1)]
}

const EARLIER_LINES = 10
const MAX_EVENTS_NOW = 20_000
const NOT_SIMULATED = 'it cannot be simulated, so do it outside of the hosts'
/** The run and the host that the running code belongs to. */
const RUNNING = new AsyncLocalStorage<{ readonly loop: RunLoop; readonly host: SimulatedHost }>()
/** One instance, because the globals are shared by the whole process. */
const GLOBALS = new SeededGlobals()
