import type { Reactor, SystemReactor } from '../contracts/reactor.ts'
import { ExitCode, ReactorAlreadyRunning, ReactorNotRunning } from '../errors.ts'
import { reactor as defaultReactor } from './default-reactor.ts'

/** How `react` runs a program. */
export interface ReactOptions<R extends Reactor = SystemReactor> {
  /** Default: the default reactor. */
  readonly reactor?: R
  /** What `main` gets behind the reactor. Default: the arguments on the command line. */
  readonly argv?: readonly string[]
  /** Ends the process with a status. Default: `process.exit`. */
  readonly exit?: (code: number) => void
}

/**
 * Runs a program: starts the reactor, calls `main(reactor, ...argv)`, waits for the promise it returns,
 * stops the reactor, and exits.
 *
 * The status is 0, or 1 when `main` failed, which is logged, or that of an `ExitCode` it threw or
 * answered. SIGINT and SIGTERM stop the reactor as they do in `reactor.run()`: once it has stopped the
 * program exits, whether `main` is done or not, with 0 unless `main` failed by then.
 *
 * @throws {ReactorAlreadyRunning} (rejects) when the reactor runs; `main` is not called then.
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
  const { reactor = defaultReactor, argv = process.argv.slice(2), exit = exitProcess } = options
  if (reactor.running) throw new ReactorAlreadyRunning('Cannot run a program in a reactor that is running')
  let code = 0
  reactor.callWhenRunning(async () => {
    code = await exitCodeOf(() => main(reactor, ...argv), reactor)
    await stopUnlessStopping(reactor)
  })
  await reactor.run()
  exit(code)
}

async function exitCodeOf(program: () => unknown, reactor: Reactor): Promise<number> {
  try {
    const answer = await program()
    return answer instanceof ExitCode ? answer.code : 0
  } catch (error) {
    if (error instanceof ExitCode) return error.code
    reactor.log({ level: 'error', text: 'The main function failed', error })
    return 1
  }
}

/** A signal, or `main` itself, may have stopped it. */
async function stopUnlessStopping(reactor: Reactor): Promise<void> {
  try {
    await reactor.stop()
  } catch (error) {
    if (!(error instanceof ReactorNotRunning)) throw error
  }
}

function exitProcess(code: number): void {
  process.exit(code)
}
