import { constants } from 'node:os'
import type { Reactor, StopOptions, StopReport, SystemReactor } from '../interfaces/reactor.ts'
import {
  ConnectingCancelledError,
  ConnectionClosed,
  ExitCode,
  NotConnectedError,
  ReactorAlreadyRunning,
  ReactorNotRunning,
  ServiceStopped,
} from '../errors.ts'
import { checkRunOptions } from '../reactor/reactor-lifecycle.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import {
  anything,
  callable,
  having,
  listOf,
  milliseconds,
  type OptionRules,
} from '../options/option-rules.ts'
import { reactor as defaultReactor } from './default-reactor.ts'
import { ProcessOutput } from './exit-process.ts'

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
