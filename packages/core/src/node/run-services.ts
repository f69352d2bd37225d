import type { Reactor } from '../contracts/reactor.ts'
import { ReactorAlreadyRunning, ServiceStopped } from '../errors.ts'
import type { Service } from '../service/service.ts'
import { contained } from '../transport/contained.ts'
import { reactor as defaultReactor } from './default-reactor.ts'

/** Where services run. */
export interface RunServicesOptions {
  /** Default: the default reactor. */
  readonly reactor?: Reactor
}

/**
 * Runs a program made of services: starts `app` with the reactor, and stops it when the reactor stops, at
 * SIGINT or SIGTERM for example, before connections are drained. Resolves when all that is over.
 *
 *     const app = new MultiService()
 *     await app.addService(serviceFromString(reactor, 'tcp:8080', factory))
 *     await runServices(app)
 *
 * What `callWhenRunning` was given is called once `app` has started.
 *
 * @throws {ReactorAlreadyRunning} (rejects) when the reactor runs; `app` is not started then.
 * @throws {unknown} (rejects) with what the start or the stop of `app` failed with, once the reactor has stopped.
 */
export async function runServices(
  app: Service,
  { reactor = defaultReactor }: RunServicesOptions = {},
): Promise<void> {
  if (reactor.running) throw new ReactorAlreadyRunning('Cannot run services in a reactor that is running')
  const running = new RunningServices(app, reactor)
  const triggers = [
    reactor.addSystemEventTrigger('during', 'startup', () => running.start()),
    reactor.addSystemEventTrigger('before', 'shutdown', () => running.stop()),
  ]
  await reactor.run()
  for (const trigger of triggers) reactor.removeSystemEventTrigger(trigger)
  if (running.errors.length > 0) throw running.errors[0]
}

class RunningServices {
  readonly errors: unknown[] = []
  readonly #app: Service
  readonly #reactor: Reactor
  readonly #stopBegun = new AbortController()

  constructor(app: Service, reactor: Reactor) {
    this.#app = app
    this.#reactor = reactor
  }

  /** A start that hangs must not keep the reactor's run from its end. */
  start(): Promise<unknown> {
    const { signal } = this.#stopBegun
    const stopBegun = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    return Promise.race([
      contained(
        () => this.#app.startService(),
        (error) => this.#startFailed(error),
      ),
      stopBegun,
    ])
  }

  async stop(): Promise<void> {
    this.#stopBegun.abort()
    await contained(
      () => this.#app.stopService(),
      (error) => this.errors.push(error),
    )
  }

  #startFailed(error: unknown): void {
    // That it was stopped meanwhile is no failure.
    if (!(error instanceof ServiceStopped)) this.errors.push(error)
    if (!this.#stopBegun.signal.aborted) void this.#reactor.stop()
  }
}
