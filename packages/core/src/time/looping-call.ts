import { LocalProtocolError } from '../errors.ts'
import type { ReactorLog, ReactorTime } from '../interfaces/reactor.ts'
import { checkOptionsOrInstance, checkValue } from '../options/check-options.ts'
import { ABORT_SIGNAL, WITH_REACTOR } from '../options/object-rules.ts'
import { anything, callable, flag, milliseconds, type OptionRules } from '../options/option-rules.ts'
import { callSafely, tolerated } from '../safely.ts'
import { ResettableTimer } from './resettable-timer.ts'
import { type Cancellable, sleep, SLEEP_RULES, type SleepOptions } from './sleep.ts'

/** How a looping call is started. */
export interface LoopOptions extends Cancellable {
  /** Whose time it keeps; where a call is logged that has failed while no code waits for the loop. */
  readonly reactor: ReactorTime & Partial<ReactorLog>
  /** Whether the first call is made at once rather than after one interval. Default true. */
  readonly now?: boolean | undefined
}

/**
 * Calls a function again and again.
 *
 * The calls keep to a fixed grid: neither late timers nor calls that take long make them drift. While a
 * promise that a call returned is pending no other call is made; ticks that pass meanwhile are skipped.
 */
export class LoopingCall<A extends unknown[] = []> {
  readonly #call: () => unknown
  #state: State = IDLE
  #count = 0

  /** @throws {TypeError} when `call` is no function. */
  constructor(call: (...args: A) => unknown, ...args: A) {
    checkValue('LoopingCall', 'call', call, callable)
    this.#call = () => call(...args)
  }

  /** Makes one that tells each call how many intervals have passed since the one before: 1, and the skipped ones. */
  static withCount(call: (count: number) => unknown): LoopingCall {
    checkValue('LoopingCall.withCount', 'call', call, callable)
    const loop: LoopingCall = new LoopingCall(() => call(loop.#count))
    return loop
  }

  /** Whether more calls are to come. */
  get running(): boolean {
    return this.#state.is === 'waiting' || this.#state.is === 'calling'
  }

  /** The interval it was started with; undefined once it has ended. */
  get intervalMs(): number | undefined {
    return this.#state.is === 'idle' ? undefined : this.#state.run.grid.intervalMs
  }

  /**
   * Begins to call every `intervalMs` milliseconds, 0 meaning in every turn.
   *
   * Resolves when it is stopped; rejects with the first error of a call, which ends it, or with the
   * signal's reason. In each case the call under way is waited for. It can be started again then.
   *
   * When no code waits for the promise, the error of a call is logged, and is no unhandled rejection.
   *
   * @throws {LocalProtocolError} when it was started and has not ended.
   * @throws {RangeError} when `intervalMs` is negative or not a number.
   * @throws {TypeError} without a reactor, and for another option.
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
      const abort = (): void => this.#end(() => reject(signal?.reason as Error))
      signal?.addEventListener('abort', abort, { once: true })
      const run: Run = {
        grid,
        next: new ResettableTimer(reactor, () => this.#tick(run, grid.take())),
        stopped: () => resolve(this),
        failed: reject,
        forget: () => signal?.removeEventListener('abort', abort),
      }
      if (now) this.#tick(run, 1)
      else this.#awaitTick(run)
    })
    return tolerated(
      loop,
      () => reactor.log !== undefined,
      (error) => {
        if (signal?.aborted === true && error === signal.reason) return
        reactor.log?.({ level: 'error', text: 'A looping call failed, and calls no more', error })
      },
    )
  }

  /**
   * Makes no more calls.
   *
   * @throws {LocalProtocolError} unless running.
   */
  stop(): void {
    const { stopped } = this.#mustRun('stop')
    this.#end(stopped)
  }

  /**
   * Begins a new grid: the next call comes one interval from now.
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

  /** @param settle What becomes of the promise, unless the call under way fails. */
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

/** What lasts from a start to its end. */
interface Run {
  readonly grid: TickGrid
  readonly next: ResettableTimer
  readonly stopped: () => void
  readonly failed: (error: unknown) => void
  /** Leaves the signal alone from now on. */
  readonly forget: () => void
}

type State =
  | { readonly is: 'idle' }
  | { readonly is: 'waiting' | 'calling'; readonly run: Run }
  | { readonly is: 'ending'; readonly run: Run; readonly settle: () => void }

/**
 * Yields every `intervalMs` milliseconds, for the first time one interval after the iteration begins:
 * `for await (const count of interval(1000, { reactor }))`.
 *
 * The grid is fixed: however long the loop's body takes, ticks do not drift; those it was too slow for
 * are skipped. Each value says how many intervals have passed since the one before: 1, or more when some
 * were skipped. While the body runs there is no timer, so a `break` leaves nothing behind.
 *
 * A reactor that stops forgets its timers: the loop then waits for ever, and its `finally` blocks do not run. Abort the
 * signal in a trigger before the shutdown where they matter.
 *
 * @param options The signal ends the iteration: it throws the signal's reason.
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
 * Ticks that are `intervalMs` apart, numbered from the start. Neither late timers nor long work shift
 * them: a tick that nobody took in time is missed, and counted.
 *
 * An interval of 0 has a tick in every turn.
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

  /** Begins anew, now, and forgets what was missed. */
  restart(): void {
    this.#startMs = this.#time.now()
    this.#taken = 0
    this.#awaited = 0
  }

  /** How long it is until the next tick that can still be had. */
  untilNextMs(): number {
    if (this.intervalMs === 0) return 0
    this.#awaited = Math.max(this.#taken, this.#passed()) + 1
    return Math.max(0, this.#startMs + this.#awaited * this.intervalMs - this.#time.now())
  }

  /**
   * Takes the tick that was waited for.
   *
   * @returns how many intervals have passed since the tick taken before: one, and the missed ones.
   */
  take(): number {
    if (this.intervalMs === 0) return 1
    // A timer may come a little before its time: then the clock does not show the tick yet.
    const tick = Math.max(this.#awaited, this.#passed())
    const count = tick - this.#taken
    this.#taken = tick
    return count
  }

  #passed(): number {
    return Math.floor((this.#time.now() - this.#startMs) / this.intervalMs)
  }
}

const IDLE: State = { is: 'idle' }
const LOOP_RULES: OptionRules<LoopOptions> = { reactor: anything, now: flag, signal: ABORT_SIGNAL }
