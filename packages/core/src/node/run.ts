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
import { whenAborted } from '../time/cancellable.ts'
import { sleep } from '../time/sleep.ts'
import { reactor as defaultReactor } from './default-reactor.ts'

/** How `react` runs a program. */
export interface ReactOptions<R extends Reactor = SystemReactor> {
  /** Default: the default reactor. */
  readonly reactor?: R | undefined
  /** What `main` gets after the reactor. Default: the arguments on the command line. */
  readonly argv?: readonly string[] | undefined
  /** How the reactor stops, after `main` has finished and at a signal. */
  readonly stop?: StopOptions | undefined
  /**
   * Longest wait for stdout and stderr to be written when a signal ends the program, in milliseconds.
   * Default 2 000.
   */
  readonly outputMs?: number | undefined
  /**
   * Ends the process with a status. Default: waits until stdout and stderr are written, then `process.exit`.
   */
  readonly exit?: ((code: number) => void) | undefined
}

/**
 * Runs a program: starts the reactor, calls `main(reactor, ...argv)`, waits for the promise it returns,
 * stops the reactor, and exits.
 *
 * The status is 0, or 1 when `main` fails, which is logged, or that of an `ExitCode` that `main` throws or
 * returns. SIGINT and SIGTERM stop the reactor as they do in `reactor.run()`. After that stop the program
 * exits with 130 or 143, unless `main` has finished by then. A status of 0 becomes 1 when stdout or stderr
 * cannot be written, for example because the disk is full.
 *
 * No output is lost: the process exits only after stdout and stderr are written. A reader that does not read
 * delays the exit, as it does for every program; after a signal the wait ends after `outputMs`.
 *
 * @throws {ReactorAlreadyRunning} (rejects) when the reactor is running already; `main` is not called.
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
  // Checked here, so that `main` is not called when an option is wrong.
  checkRunOptions({ stop })
  if (reactor.running) throw new ReactorAlreadyRunning('Cannot run a program in a reactor that is running')
  const output = exit === undefined ? new StandardOutputs() : undefined
  let outcome: Outcome | undefined
  reactor.callWhenRunning(async () => {
    outcome = await outcomeOf(() => main(reactor, ...argv), reactor)
    await stopUnlessStopped(reactor)
  })
  const report = await reactor.run({ stop })
  // A `main` that awaits the stop itself finishes in this turn.
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

/** How `main` finished. */
interface Outcome {
  readonly code: number
  /** The error of a failure that the stop of the reactor caused. */
  readonly stoppedBy?: unknown
}

async function outcomeOf(program: () => unknown, reactor: Reactor): Promise<Outcome> {
  try {
    const result = await program()
    return { code: result instanceof ExitCode ? result.code : 0 }
  } catch (error) {
    if (error instanceof ExitCode) return { code: error.code }
    if (reactor.stopping && STOP_ERRORS.some((type) => error instanceof type))
      return { code: 1, stoppedBy: error }
    logFailure(error, reactor)
    return { code: 1 }
  }
}

function exitCode(outcome: Outcome | undefined, { signal }: StopReport, reactor: Reactor): number {
  const interrupted = outcome === undefined || outcome.stoppedBy !== undefined
  // The status that shells report for a program killed by the signal.
  if (signal !== undefined && interrupted)
    return 128 + process.getBuiltinModule('node:os').constants.signals[signal]
  if (outcome?.stoppedBy !== undefined) logFailure(outcome.stoppedBy, reactor)
  return outcome?.code ?? 0
}

function logFailure(error: unknown, reactor: Reactor): void {
  reactor.log({ level: 'error', text: 'The main function failed', error })
}

/** A signal may have stopped the reactor already. */
async function stopUnlessStopped(reactor: Reactor): Promise<void> {
  try {
    await reactor.stop()
  } catch (error) {
    if (!(error instanceof ReactorNotRunning)) throw error
  }
}

/** Pipes are written asynchronously, and `process.exit` would drop bytes that are not written yet. */
async function exitProcess(
  code: number,
  output: StandardOutputs,
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
  /**
   * Longest wait for the services to stop, in milliseconds; then the reactor stops anyway. Default 30 000.
   */
  readonly stopTimeoutMs?: number | undefined
  /** How the reactor stops, also at a signal. Its `triggerMs` is raised to `stopTimeoutMs` at least. */
  readonly stop?: StopOptions | undefined
}

/**
 * Runs a program made of services: starts `app` with the reactor, and stops it when the reactor stops, at
 * SIGINT or SIGTERM for example, before connections are drained. Resolves when the reactor has stopped.
 *
 *     const app = new MultiService()
 *     await app.addService(serviceFromString(reactor, 'tcp:8080', factory))
 *     await runServices(app)
 *
 * Functions given to `callWhenRunning` are called once `app` has started. At a stop, the services continue to
 * run for `stop.delayMs`.
 *
 * @throws {ReactorAlreadyRunning} (rejects) when the reactor is running already; `app` is not started.
 * @throws {TypeError | RangeError} (rejects) when `app` is not a service, or an option is unknown, of the
 *   wrong type or out of range; nothing is started, now or by a later run.
 * @throws {unknown} (rejects) with the error of the start or the stop of `app`, or an Error when it took too
 *   long to stop, once the reactor has stopped.
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

  /** Resolves at a stop too, so that a start that hangs cannot keep the reactor running. */
  start(): Promise<unknown> {
    return Promise.race([
      callSafely(
        () => this.#app.startService(),
        (error) => this.#startFailed(error),
      ),
      whenAborted(this.#stopBegun.signal),
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
    this.errors.push(new Error(`The services did not stop within ${this.#stopTimeoutMs} ms`))
  }

  #startFailed(error: unknown): void {
    // A stop during the start is not a failure.
    if (!(error instanceof ServiceStopped)) this.errors.push(error)
    if (!this.#stopBegun.signal.aborted) void this.#reactor.stop()
  }
}

function ignore(): void {}

/** stdout and stderr of this process, watched for write errors. */
export class StandardOutputs {
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

  /** The first write error, such as a full disk. EPIPE, a reader that has closed, is not a failure. */
  get failure(): Error | undefined {
    const error = this.#failure
    return error !== undefined && 'code' in error && error.code === 'EPIPE' ? undefined : error
  }

  /**
   * Resolves once all output has been written or has failed.
   *
   * @param longestMs Longest wait, in milliseconds. Default: no limit. The timer alone does not keep the
   *   process alive.
   */
  async written(longestMs?: number): Promise<void> {
    // The error of a write is emitted in the next turn, also for a file.
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

  /** Stops watching. */
  end(): void {
    for (const stream of this.#streams) stream.off('error', this.#failed)
  }
}

function written(stream: Writable): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const over = (): void => resolve()
    for (const event of ['finish', 'close', 'error']) stream.once(event, over)
    // Called when all earlier writes have been sent or have failed.
    if (!stream.writableEnded) stream.write('', over)
  })
}

/** The errors that promises reject with because the reactor stops. */
const STOP_ERRORS = [ConnectionClosed, NotConnectedError, ConnectingCancelledError, ServiceStopped] as const
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
