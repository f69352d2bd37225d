import type { Reactor, StopOptions } from '../interfaces/reactor.ts'
import { ReactorAlreadyRunning, ServiceStopped } from '../errors.ts'
import { checkRunOptions, DEFAULT_STOP_OPTIONS } from '../reactor/reactor-lifecycle.ts'
import { checkOptions, checkValue } from '../options/check-options.ts'
import { SERVICE } from '../options/object-rules.ts'
import { anything, having, milliseconds, type OptionRules } from '../options/option-rules.ts'
import type { Service } from '../service/service.ts'
import { sleep } from '../time/sleep.ts'
import { callSafely } from '../safely.ts'
import { reactor as defaultReactor } from './default-reactor.ts'

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

const DEFAULT_STOP_TIMEOUT_MS = 30_000
const RULES: OptionRules<RunServicesOptions> = {
  reactor: having('a reactor', 'run', 'stop', 'addSystemEventTrigger'),
  stopTimeoutMs: milliseconds(),
  stop: anything,
}
