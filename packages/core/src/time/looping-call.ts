import { LocalProtocolError } from '../errors.ts'
import type { ReactorLog, ReactorTime } from '../interfaces/reactor.ts'
import { checkOptionsOrInstance, checkValue } from '../options/check-options.ts'
import { ABORT_SIGNAL, WITH_REACTOR } from '../options/object-rules.ts'
import { anything, callable, flag, milliseconds, type OptionRules } from '../options/option-rules.ts'
import { callSafely, tolerated } from '../safely.ts'
import { type Cancellable, onAbort } from './cancellable.ts'
import { ResettableTimer } from './timers.ts'
import { sleep, SLEEP_RULES, type SleepOptions } from './sleep.ts'

/** Options of `LoopingCall.start`. */
export interface LoopOptions extends Cancellable {
  /** Provides the clock, and the log for a failed call if the promise of the loop is not awaited. */
  readonly reactor: ReactorTime & Partial<ReactorLog>
  /** Whether the first call is made at once, or after one interval. Default true. */
  readonly now?: boolean | undefined
}

/**
 * Calls a function at a fixed interval.
 *
 * The calls do not drift, even if timers are late or calls take long. While a promise that a call returned is
 * pending, no other call is made; ticks that pass in the meantime are skipped.
 */
export class LoopingCall<A extends unknown[] = []> {
  readonly #call: () => unknown
  #state: State = IDLE
  #count = 0

  /** @throws {TypeError} when `call` is not a function. */
  constructor(call: (...args: A) => unknown, ...args: A) {
    checkValue('LoopingCall', 'call', call, callable)
    this.#call = () => call(...args)
  }

  /**
   * Makes a looping call that passes each call the number of intervals since the last one: 1, plus the
   * skipped ones.
   */
  static withCount(call: (count: number) => unknown): LoopingCall {
    checkValue('LoopingCall.withCount', 'call', call, callable)
    const loop: LoopingCall = new LoopingCall(() => call(loop.#count))
    return loop
  }

  /** Whether more calls will be made. */
  get running(): boolean {
    return this.#state.is === 'waiting' || this.#state.is === 'calling'
  }

  /** The interval it was started with; undefined once it has ended. */
  get intervalMs(): number | undefined {
    return this.#state.is === 'idle' ? undefined : this.#state.run.grid.intervalMs
  }

  /**
   * Starts to call every `intervalMs` milliseconds; 0 means in every turn.
   *
   * Resolves after `stop`; rejects with the first error of a call, which ends the loop, or with the signal's
   * reason. In each case it first waits for the current call. Afterwards the loop can be started again.
   *
   * If the promise is not awaited, the error of a call is logged instead of becoming an unhandled rejection.
   *
   * @throws {LocalProtocolError} when it was started and has not ended.
   * @throws {RangeError} when `intervalMs` is negative or not a number.
   * @throws {TypeError} without a reactor, or when an option is unknown.
   */
  start(intervalMs: number, options: LoopOptions): Promise<this> {
    checkValue('LoopingCall.start', 'options', options, WITH_REACTOR)
    checkOptionsOrInstance('LoopingCall.start', options, LOOP_RULES)
    const { reactor, now = true, signal } = options
    if (this.#state.is !== 'idle')
      throw new LocalProtocolError('Cannot start a looping call that has not ended')
    const grid = new TickGrid(reactor, intervalMs)
    const loop = new Promise<this>((resolve, reject) => {
      signal?.throwIfAborted()
      const run: Run = {
        grid,
        next: new ResettableTimer(reactor, () => this.#tick(run, grid.take())),
        stopped: () => resolve(this),
        failed: reject,
        forget: onAbort(signal, () => this.#end(() => reject(signal?.reason as Error))),
      }
      if (now) this.#tick(run, 1)
      else this.#awaitTick(run)
    })
    return tolerated(
      loop,
      () => reactor.log !== undefined,
      (error) => {
        if (signal?.aborted === true && error === signal.reason) return
        reactor.log?.({ level: 'error', text: 'A looping call failed and makes no more calls', error })
      },
    )
  }

  /**
   * Stops the calls.
   *
   * @throws {LocalProtocolError} unless running.
   */
  stop(): void {
    const { stopped } = this.#mustRun('stop')
    this.#end(stopped)
  }

  /**
   * Restarts the interval: the next call is made one interval from now.
   *
   * @throws {LocalProtocolError} unless running.
   */
  reset(): void {
    const run = this.#mustRun('reset')
    run.grid.restart()
    if (this.#state.is === 'waiting') this.#awaitTick(run)
  }

  #mustRun(attempt: string): Run {
    const state = this.#state
    if (state.is === 'waiting' || state.is === 'calling') return state.run
    throw new LocalProtocolError(`Cannot ${attempt} a looping call that is not running`)
  }

  #awaitTick(run: Run): void {
    this.#state = { is: 'waiting', run }
    run.next.set(run.grid.untilNextMs())
  }

  #tick(run: Run, count: number): void {
    this.#count = count
    this.#state = { is: 'calling', run }
    const underWay = callSafely(this.#call, (error) => {
      this.#state = { is: 'ending', run, settle: () => run.failed(error) }
    })
    if (underWay === undefined) this.#called()
    else void underWay.then(() => this.#called())
  }

  #called(): void {
    const state = this.#state
    if (state.is === 'calling') this.#awaitTick(state.run)
    else if (state.is === 'ending') this.#finish(state.run, state.settle)
  }

  /** @param settle Settles the promise of the loop, unless the current call fails. */
  #end(settle: () => void): void {
    const state = this.#state
    if (state.is === 'waiting') this.#finish(state.run, settle)
    else if (state.is === 'calling') this.#state = { is: 'ending', run: state.run, settle }
  }

  #finish(run: Run, settle: () => void): void {
    run.next.clear()
    run.forget()
    this.#state = IDLE
    settle()
  }
}

/** The data of one run, from `start` to its end. */
interface Run {
  readonly grid: TickGrid
  readonly next: ResettableTimer
  readonly stopped: () => void
  readonly failed: (error: unknown) => void
  /** Removes the listener from the signal. */
  readonly forget: () => void
}

type State =
  | { readonly is: 'idle' }
  | { readonly is: 'waiting' | 'calling'; readonly run: Run }
  | { readonly is: 'ending'; readonly run: Run; readonly settle: () => void }

/**
 * Yields every `intervalMs` milliseconds, first one interval after the iteration begins:
 * `for await (const count of interval(1000, { reactor }))`.
 *
 * Ticks do not drift, however long the loop's body takes. Ticks that pass while the body runs are skipped.
 * Each value is the number of intervals since the last one: 1, or more when ticks were skipped. While the
 * body runs there is no timer, so a `break` leaves no timer behind.
 *
 * A reactor that stops cancels its timers: the loop then waits for ever, and its `finally` blocks do not run.
 * If they matter, abort the signal in a trigger before the shutdown.
 *
 * @param options Its signal ends the iteration, which then throws the signal's reason.
 * @throws {RangeError} (in the loop) when `intervalMs` is negative or not a number.
 */
export async function* interval(
  intervalMs: number,
  options: SleepOptions,
): AsyncGenerator<number, void, undefined> {
  checkValue('interval', 'options', options, WITH_REACTOR)
  checkOptionsOrInstance('interval', options, SLEEP_RULES)
  const grid = new TickGrid(options.reactor, intervalMs)
  for (;;) {
    await sleep(grid.untilNextMs(), options)
    yield grid.take()
  }
}

/**
 * Fixed points in time, called ticks, `intervalMs` apart and numbered from the start. Late timers and long
 * work do not shift them: a tick that passes before it is taken is skipped and counted.
 *
 * With an interval of 0 there is a tick in every turn.
 */
export class TickGrid {
  readonly intervalMs: number
  readonly #time: ReactorTime
  #startMs: number
  #taken = 0
  #awaited = 0

  /** @throws {TypeError | RangeError} unless `intervalMs` is a number of 0 or more. */
  constructor(time: ReactorTime, intervalMs: number) {
    checkValue('a loop', 'intervalMs', intervalMs, milliseconds({ endless: true }))
    this.intervalMs = intervalMs
    this.#time = time
    this.#startMs = time.now()
  }

  /** Starts the grid again from now, without the skipped ticks. */
  restart(): void {
    this.#startMs = this.#time.now()
    this.#taken = 0
    this.#awaited = 0
  }

  /** Returns the milliseconds until the next tick that has not passed. */
  untilNextMs(): number {
    if (this.intervalMs === 0) return 0
    this.#awaited = Math.max(this.#taken, this.#latestTick()) + 1
    return Math.max(0, this.#startMs + this.#awaited * this.intervalMs - this.#time.now())
  }

  /**
   * Takes the tick of the last `untilNextMs`.
   *
   * @returns how many intervals have passed since the tick taken before: 1, plus the skipped ones.
   */
  take(): number {
    if (this.intervalMs === 0) return 1
    // A timer may fire slightly too early, when the clock has not reached the tick yet.
    const tick = Math.max(this.#awaited, this.#latestTick())
    const count = tick - this.#taken
    this.#taken = tick
    return count
  }

  #latestTick(): number {
    return Math.floor((this.#time.now() - this.#startMs) / this.intervalMs)
  }
}

const IDLE: State = { is: 'idle' }
const LOOP_RULES: OptionRules<LoopOptions> = { reactor: anything, now: flag, signal: ABORT_SIGNAL }
