import { constants } from 'node:os'
import type { Writable } from 'node:stream'
import {
  ConnectingCancelledError,
  ConnectionClosed,
  ExitCode,
  NotConnectedError,
  ReactorAlreadyRunning,
  ReactorNotRunning,
  ServiceStopped,
} from '../errors.ts'
import type { Reactor, StopOptions, StopReport, SystemReactor } from '../interfaces/reactor.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { SERVICE } from '../options/object-rules.ts'
import {
  anything,
  callable,
  having,
  listOf,
  milliseconds,
  type OptionRules,
} from '../options/option-rules.ts'
import { checkRunOptions, DEFAULT_STOP_OPTIONS } from '../reactor/reactor-lifecycle.ts'
import { callSafely } from '../safely.ts'
import type { Service } from '../service/service.ts'
import { sleep } from '../time/sleep.ts'
import { reactor as defaultReactor } from './default-reactor.ts'

/** How `react` runs a program. */
export interface ReactOptions<R extends Reactor = SystemReactor> {
  /** Default: the default reactor. */
  readonly reactor?: R | undefined
  /** What `main` gets after the reactor. Default: the arguments on the command line. */
  readonly argv?: readonly string[] | undefined
  /** How the reactor stops, once `main` is done and at a signal. */
  readonly stop?: StopOptions | undefined
  /** Longest wait for stdout and stderr to take what was written, when a signal ends the program, in milliseconds. Default 2 000. */
  readonly outputMs?: number | undefined
  /** Ends the process with a status. Default: waits until stdout and stderr have been written, then `process.exit`. */
  readonly exit?: ((code: number) => void) | undefined
}

/**
 * Runs a program: starts the reactor, calls `main(reactor, ...argv)`, waits for the promise it returns,
 * stops the reactor, and exits.
 *
 * The status is 0, or 1 when `main` failed, which is logged, or that of an `ExitCode` it threw or
 * returned. SIGINT and SIGTERM stop the reactor as they do in `reactor.run()`: once it has stopped the
 * program exits, with 130 or 143 unless `main` is done by then. A status of 0 becomes 1 when stdout or stderr could
 * not be written, to a full disk for example.
 *
 * No output is lost: the process exits once stdout and stderr have been written. A reader that takes nothing makes it
 * wait, as it does every program; a signal ends that.
 *
 * @throws {ReactorAlreadyRunning} (rejects) when the reactor runs; `main` is not called then.
 * @throws {TypeError | RangeError} (rejects) when an option is unknown, of the wrong type or out of range.
 */
export async function react(
  main: (reactor: SystemReactor, ...argv: string[]) => unknown,
  options?: ReactOptions,
): Promise<void>
export async function react<R extends Reactor>(
  main: (reactor: R, ...argv: string[]) => unknown,
  options: ReactOptions<R> & { readonly reactor: R },
): Promise<void>
export async function react(
  main: (reactor: SystemReactor, ...argv: string[]) => unknown,
  options: ReactOptions = {},
): Promise<void> {
  checkValue('react', 'main', main, callable)
  checkOptions('react', options, REACT_RULES)
  const { reactor = defaultReactor, argv = process.argv.slice(2), exit, stop = {} } = options
  // Before `main` waits for the run.
  checkRunOptions({ stop })
  if (reactor.running) throw new ReactorAlreadyRunning('Cannot run a program in a reactor that is running')
  const output = exit === undefined ? new ProcessOutput() : undefined
  let outcome: Outcome | undefined
  reactor.callWhenRunning(async () => {
    outcome = await outcomeOf(() => main(reactor, ...argv), reactor)
    await stopUnlessStopped(reactor)
  })
  const report = await reactor.run({ stop })
  // Where `main` has waited for the stop itself, it ends in this turn.
  if (outcome === undefined) await new Promise((resolve) => setImmediate(resolve))
  const code = exitCode(outcome, report, reactor)
  if (output === undefined) exit?.(code)
  else
    await exitProcess(
      code,
      output,
      report.signal === undefined ? undefined : (options.outputMs ?? DEFAULT_OUTPUT_MS),
    )
}

/** How `main` has ended. */
interface Outcome {
  readonly code: number
  /** What it failed with while the reactor stopped, and because of that. */
  readonly cutShortBy?: unknown
}

async function outcomeOf(program: () => unknown, reactor: Reactor): Promise<Outcome> {
  try {
    const result = await program()
    return { code: result instanceof ExitCode ? result.code : 0 }
  } catch (error) {
    if (error instanceof ExitCode) return { code: error.code }
    if (reactor.stopping && CUT_SHORT.some((type) => error instanceof type))
      return { code: 1, cutShortBy: error }
    logFailure(error, reactor)
    return { code: 1 }
  }
}

function exitCode(outcome: Outcome | undefined, { signal }: StopReport, reactor: Reactor): number {
  const interrupted = outcome === undefined || outcome.cutShortBy !== undefined
  // What shells report of a program that the signal has killed.
  if (signal !== undefined && interrupted) return 128 + constants.signals[signal]
  if (outcome?.cutShortBy !== undefined) logFailure(outcome.cutShortBy, reactor)
  return outcome?.code ?? 0
}

function logFailure(error: unknown, reactor: Reactor): void {
  reactor.log({ level: 'error', text: 'The main function failed', error })
}

/** A signal may have stopped it. */
async function stopUnlessStopped(reactor: Reactor): Promise<void> {
  try {
    await reactor.stop()
  } catch (error) {
    if (!(error instanceof ReactorNotRunning)) throw error
  }
}

/** Pipes are written asynchronously, and `process.exit` would drop what they have not taken. */
async function exitProcess(
  code: number,
  output: ProcessOutput,
  longestMs: number | undefined,
): Promise<void> {
  process.exitCode = code
  await output.written(longestMs)
  output.end()
  const { failure } = output
  if (failure !== undefined && code === 0) {
    console.error(`Cannot write the output: ${failure.message}`)
    process.exit(1)
  }
  process.exit(code)
}

/** Where services run. */
export interface RunServicesOptions {
  /** Default: the default reactor. */
  readonly reactor?: Reactor | undefined
  /** How long the services may take to stop; then the reactor goes on without them. Default 30 000. */
  readonly stopTimeoutMs?: number | undefined
  /** How the reactor stops, at a signal too. Its `triggerMs` is `stopTimeoutMs` at least. */
  readonly stop?: StopOptions | undefined
}

/**
 * Runs a program made of services: starts `app` with the reactor, and stops it when the reactor stops, at
 * SIGINT or SIGTERM for example, before connections are drained. Resolves when all that is over.
 *
 *     const app = new MultiService()
 *     await app.addService(serviceFromString(reactor, 'tcp:8080', factory))
 *     await runServices(app)
 *
 * What `callWhenRunning` was given is called once `app` has started. With `stop.delayMs` the services run on for that
 * time at a stop.
 *
 * @throws {ReactorAlreadyRunning} (rejects) when the reactor runs; `app` is not started then.
 * @throws {TypeError | RangeError} (rejects) when `app` is not a service, or an option is unknown, of the wrong type or out
 *   of range; nothing is started then, nor by a later run.
 * @throws {unknown} (rejects) with what the start or the stop of `app` failed with, or that it took too long to
 *   stop, once the reactor has stopped.
 */
export async function runServices(app: Service, options: RunServicesOptions = {}): Promise<void> {
  checkValue('runServices', 'app', app, SERVICE)
  checkOptions('runServices', options, RULES)
  const { reactor = defaultReactor, stopTimeoutMs = DEFAULT_STOP_TIMEOUT_MS, stop = {} } = options
  checkRunOptions({ stop })
  if (reactor.running) throw new ReactorAlreadyRunning('Cannot run services in a reactor that is running')
  const running = new RunningServices(app, reactor, stopTimeoutMs)
  const triggers = [
    reactor.addSystemEventTrigger('during', 'startup', () => running.start()),
    reactor.addSystemEventTrigger('before', 'shutdown', () => running.stop()),
  ]
  const triggerMs = Math.max(stop.triggerMs ?? DEFAULT_STOP_OPTIONS.triggerMs, stopTimeoutMs)
  try {
    await reactor.run({ stop: { ...stop, triggerMs } })
  } finally {
    for (const trigger of triggers) reactor.removeSystemEventTrigger(trigger)
  }
  if (running.errors.length > 0) throw running.errors[0]
}

class RunningServices {
  readonly errors: unknown[] = []
  readonly #app: Service
  readonly #reactor: Reactor
  readonly #stopTimeoutMs: number
  readonly #stopBegun = new AbortController()

  constructor(app: Service, reactor: Reactor, stopTimeoutMs: number) {
    this.#stopTimeoutMs = stopTimeoutMs
    this.#app = app
    this.#reactor = reactor
  }

  /** A start that hangs must not keep the reactor's run from its end. */
  start(): Promise<unknown> {
    const { signal } = this.#stopBegun
    const stopBegun = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    return Promise.race([
      callSafely(
        () => this.#app.startService(),
        (error) => this.#startFailed(error),
      ),
      stopBegun,
    ])
  }

  async stop(): Promise<void> {
    this.#stopBegun.abort()
    const stopped = callSafely(
      () => this.#app.stopService(),
      (error) => this.errors.push(error),
    )
    const inTime = new AbortController()
    const tooLate = sleep(this.#stopTimeoutMs, { reactor: this.#reactor, signal: inTime.signal })
    await Promise.race([stopped, tooLate.then(() => this.#stopsTooLate(), ignore)])
    inTime.abort()
  }

  #stopsTooLate(): void {
    this.errors.push(new Error(`The services have not stopped within ${this.#stopTimeoutMs} ms`))
  }

  #startFailed(error: unknown): void {
    // That it was stopped meanwhile is no failure.
    if (!(error instanceof ServiceStopped)) this.errors.push(error)
    if (!this.#stopBegun.signal.aborted) void this.#reactor.stop()
  }
}

function ignore(): void {}

/** The standard output and error of this process, watched for what cannot be written. */
export class ProcessOutput {
  readonly #streams: readonly Writable[]
  #failure: Error | undefined
  readonly #failed = (error: Error): void => {
    this.#failure ??= error
  }

  /** @param streams Default: the process's own. */
  constructor(streams: readonly Writable[] = [process.stdout, process.stderr]) {
    this.#streams = streams
    for (const stream of streams) stream.on('error', this.#failed)
  }

  /** What kept output from being written, such as a full disk; a reader that has left is no failure. */
  get failure(): Error | undefined {
    const error = this.#failure
    return error !== undefined && 'code' in error && error.code === 'EPIPE' ? undefined : error
  }

  /**
   * Resolves once all that was written has left the process, or cannot leave any more.
   *
   * @param longestMs Longest wait, in milliseconds. Default: any. The wait by itself does not keep the process alive.
   */
  async written(longestMs?: number): Promise<void> {
    // What a write has failed with is known in the next turn, also to a file.
    await new Promise((resolve) => setImmediate(resolve))
    const all = Promise.all(this.#streams.map(written))
    if (longestMs === undefined) return void (await all)
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, longestMs).unref()
      void all.then(() => {
        clearTimeout(late)
        resolve()
      })
    })
  }

  /** Watches no more. */
  end(): void {
    for (const stream of this.#streams) stream.off('error', this.#failed)
  }
}

function written(stream: Writable): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const over = (): void => resolve()
    for (const event of ['finish', 'close', 'error']) stream.once(event, over)
    // Called when all that was written before has left, or has failed.
    if (!stream.writableEnded) stream.write('', over)
  })
}

/** What the stop of the reactor makes promises reject with. */
const CUT_SHORT = [ConnectionClosed, NotConnectedError, ConnectingCancelledError, ServiceStopped] as const
const DEFAULT_OUTPUT_MS = 2000
const REACT_RULES: OptionRules<ReactOptions> = {
  reactor: having('a reactor', 'run', 'stop', 'callWhenRunning'),
  argv: listOf(anything),
  stop: anything,
  outputMs: milliseconds(),
  exit: callable,
}
const DEFAULT_STOP_TIMEOUT_MS = 30_000
const RULES: OptionRules<RunServicesOptions> = {
  reactor: having('a reactor', 'run', 'stop', 'addSystemEventTrigger'),
  stopTimeoutMs: milliseconds(),
  stop: anything,
}
