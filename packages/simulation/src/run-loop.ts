import { AsyncLocalStorage } from 'node:async_hooks'
import type { SimulatedHost } from './host/simulated-host.ts'
import { settled } from './real/environment.ts'
import { type RealWork, watchRealWork } from './real/real-work.ts'
import { SeededGlobals, type SeededWorld } from './real/seeded-globals.ts'
import { watchUnhandledRejections } from './real/unhandled-rejections.ts'
import type { EventQueue } from './time/event-queue.ts'

/** What a run loop is made of. */
export interface RunLoopSetup {
  readonly seed: string
  readonly events: EventQueue
  /** Whether the globals that give time and chance follow the seed within hosts. */
  readonly seedGlobals: boolean
}

/** Lets virtual time pass: event after event, with all that promises do belonging to the event in which they go on. */
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

  /** How many events have happened. */
  get events(): number {
    return this.#events
  }

  /** Whether time passes now. */
  get isRunning(): boolean {
    return this.#watches > 0
  }

  /** Lets `ms` milliseconds pass. @throws {SimulationFailed} (rejects) */
  run(ms: number): Promise<void> {
    return this.#watched(async () => {
      const { events } = this.#setup
      const until = events.nowMs + ms
      await settled()
      while (events.nextMs <= until) await this.#step()
      events.moveTo(until)
    })
  }

  /** Lets time pass until `condition` holds. @throws {SimulationFailed} (rejects) when it does not within `timeoutMs`. */
  runUntil(condition: () => boolean, timeoutMs: number): Promise<void> {
    return this.#watched(async () => {
      const { events } = this.#setup
      const until = events.nowMs + timeoutMs
      // What was begun outside of any event, such as by a test, goes on first.
      await settled()
      while (!condition()) {
        if (events.nextMs > until) this.fail('What was waited for did not come', undefined)
        else await this.#step()
        this.#throwIfFailed()
      }
    })
  }

  /** Lets time pass until nothing more would ever happen. @throws {SimulationFailed} (rejects) */
  runUntilIdle(): Promise<void> {
    return this.#watched(async () => {
      const { events } = this.#setup
      await settled()
      while (events.nextMs < Infinity) await this.#step()
    })
  }

  /** Runs what belongs to a host; what it throws fails the run. */
  execute(host: SimulatedHost, call: () => unknown): void {
    this.happens()
    try {
      const answer = RUNNING.run({ loop: this, host }, call)
      if (answer instanceof Promise) answer.catch((error: unknown) => this.fail(`${host.name} failed`, error))
    } catch (error) {
      this.fail(`${host.name} failed`, error)
    }
  }

  /** Some code runs in this event, and may have promises go on. */
  happens(): void {
    this.#ran = true
  }

  /** Ends the run, with its first failure. */
  fail(why: string, cause: unknown): void {
    const { seed, events } = this.#setup
    this.#failure ??= new SimulationFailed(seed, events.nowMs, why, cause)
  }

  async #step(): Promise<void> {
    const { events } = this.#setup
    this.#events++
    const before = events.nowMs
    this.#ran = false
    events.step()
    this.#eventsNow = events.nowMs === before ? this.#eventsNow + 1 : 0
    if (this.#eventsNow > MAX_EVENTS_NOW)
      this.fail(`${MAX_EVENTS_NOW} events later time stands still`, undefined)
    // What promises do belongs to the event in which they go on.
    if (this.#ran) await settled()
    this.#throwIfFailed()
  }

  async #watched(run: () => Promise<void>): Promise<void> {
    const endWatch = watchRealWork(
      () => this.#running(),
      (host, work) => this.#sawRealWork(host, work),
    )
    const endListening = watchUnhandledRejections((reason) => this.#unhandledRejection(reason))
    const putBack = this.#setup.seedGlobals ? GLOBALS.enter(() => this.#world()) : undefined
    this.#watches++
    try {
      await run()
    } finally {
      this.#watches--
      putBack?.()
      endWatch()
      endListening()
    }
    this.#throwIfFailed()
  }

  /** The host of this simulation to which the code that runs belongs. */
  #running(): SimulatedHost | undefined {
    const running = RUNNING.getStore()
    return running?.loop === this ? running.host : undefined
  }

  #world(): SeededWorld | undefined {
    const host = this.#running()
    if (host?.life === undefined) return undefined
    const { clock } = host.life
    return {
      random: host.random,
      now: () => asked(host, clock.now()),
      wallClock: () => asked(host, clock.wallClock()),
    }
  }

  #sawRealWork(host: SimulatedHost, { what, instead, askedAt }: RealWork): void {
    const who = [host.name, 'asks for', what, askedAt].join(' ').trim()
    this.fail(`${who}: ${instead}`, undefined)
  }

  /** Of a host of this simulation, or of nobody known. */
  #unhandledRejection(reason: unknown): void {
    const running = RUNNING.getStore()
    if (running !== undefined && running.loop !== this) return
    const whose = running === undefined ? 'A promise' : `A promise of ${running.host.name}`
    this.fail(`${whose} was rejected, and nobody heard of it`, reason)
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}

function asked(host: SimulatedHost, ms: number): number {
  host.clockAsked()
  return ms
}

/** A run has failed; `seed` makes it fail again. */
export class SimulationFailed extends Error {
  override readonly name = 'SimulationFailed'
  readonly seed: string
  /** Virtual time of the failure. */
  readonly atMs: number

  constructor(seed: string, atMs: number, why: string, cause: unknown) {
    const explained = cause instanceof Error ? `: ${cause.message}` : ''
    super(`Seed ${seed} at ${atMs.toFixed(3)} ms: ${why}${explained}`, { cause })
    this.seed = seed
    this.atMs = atMs
  }
}

const MAX_EVENTS_NOW = 20_000
/** To which run, and which host in it, the code that runs belongs. */
const RUNNING = new AsyncLocalStorage<{ readonly loop: RunLoop; readonly host: SimulatedHost }>()
/** They are the whole process's, whoever replaces them. */
const GLOBALS = new SeededGlobals()
