import { LocalProtocolError, ServiceStopped } from '../errors.ts'
import { SERVICE } from '../options/object-rules.ts'
import { checkValue } from '../options/check-options.ts'
import { callSafely } from '../safely.ts'
import { Service, type ServiceCollection } from './service.ts'

/**
 * Services that are started together, in the order they were added, each after the previous one has started.
 * They are stopped in the reverse order, each after the next one has stopped.
 */
export class MultiService extends Service implements ServiceCollection {
  readonly #services: Service[] = []
  #state: State = IDLE

  getServiceNamed(name: string): Service | undefined {
    return this.#services.find((service) => service.name === name)
  }

  /** The services, in the order they were added. */
  [Symbol.iterator](): Iterator<Service> {
    return this.#services.values()
  }

  /**
   * Adds `service` after the others, at once; the same as `service.setServiceParent(this)`. Resolves when it
   * has started, if this is running.
   *
   * @throws {LocalProtocolError} (rejects) when it was added already, or another service has its name.
   * @throws {TypeError} (rejects) when it is not a service.
   * @throws {unknown} (rejects) with the error of its start; it is not added then.
   */
  async addService(service: Service): Promise<void> {
    checkValue('addService', 'service', service, SERVICE)
    if (service.parent !== this) return service.setServiceParent(this)
    this.#assertNew(service)
    this.#services.push(service)
    if (this.#state.is !== 'running') return
    try {
      await this.#start(service, this.#state)
    } catch (error) {
      remove(this.#services, service)
      throw error
    }
  }

  /**
   * Removes `service`; the same as its `disownServiceParent`. Resolves when it has stopped, if it was
   * running.
   *
   * @throws {LocalProtocolError} (rejects) when it was not added.
   */
  async removeService(service: Service): Promise<void> {
    if (service.parent === this) return service.disownServiceParent()
    if (!remove(this.#services, service))
      throw new LocalProtocolError('Cannot remove a service that was not added')
    const state = this.#state
    if (state.is === 'stopping') await state.stopped.catch(ignore)
    else if (state.is === 'running' && remove(state.started, service)) await service.stopService()
  }

  /**
   * Starts all services, after a stop that is under way. Does nothing when it is running. When one fails,
   * those that were started are stopped, in the reverse order.
   *
   * @throws {ServiceStopped} (rejects) when it is stopped meanwhile; the remaining services are not started.
   * @throws {unknown} (rejects) with the error of the service that failed, or an AggregateError when the stop
   *   of the others failed too.
   */
  override async startService(): Promise<void> {
    void super.startService()
    if (this.#state.is === 'stopping') await this.#state.stopped.catch(ignore)
    if (!this.running) throw stoppedServices()
    if (this.#state.is === 'running') return
    const run: Run = { is: 'running', started: [] }
    this.#state = run
    try {
      for (const service of Array.from(this.#services)) await this.#start(service, run)
    } catch (error) {
      throw await this.#undo(run, error)
    }
  }

  /**
   * Stops the services that have started or are starting. Waits for each, even when others fail.
   *
   * @throws {AggregateError} (rejects) with the errors of the services that failed to stop.
   */
  override async stopService(): Promise<void> {
    void super.stopService()
    const state = this.#state
    if (state.is === 'idle') return
    if (state.is === 'stopping') return state.stopped
    // In a later promise job, so that a service that calls this one finds the state below.
    const stopped = Promise.resolve(state.started)
      .then(stopAll)
      .finally(() => {
        this.#state = IDLE
      })
    this.#state = { is: 'stopping', stopped }
    await stopped
  }

  /**
   * Skips a service that was removed meanwhile, and one that was removed and added again, which started then.
   */
  async #start(service: Service, run: Run): Promise<void> {
    if (run.started.includes(service) || service.parent !== this) return
    run.started.push(service)
    try {
      await service.startService()
    } catch (error) {
      remove(run.started, service)
      throw error
    }
    if (this.#state !== run) throw stoppedServices()
  }

  /** @returns the error of the start, or an AggregateError with it when the stop failed too. */
  async #undo(run: Run, error: unknown): Promise<unknown> {
    if (this.#state !== run) return error
    try {
      await this.stopService()
      return error
    } catch (failedToStop) {
      return new AggregateError(
        [error, failedToStop],
        'A service failed to start, and others failed to stop after it',
      )
    }
  }

  #assertNew(service: Service): void {
    if (this.#services.includes(service)) throw new LocalProtocolError('Cannot add a service twice')
    if (service.name !== undefined && this.getServiceNamed(service.name) !== undefined)
      throw new LocalProtocolError(`Cannot add a second service named "${service.name}"`)
  }
}

async function stopAll(started: readonly Service[]): Promise<void> {
  const errors: unknown[] = []
  for (const service of started.toReversed()) {
    await callSafely(
      () => service.stopService(),
      (error) => errors.push(error),
    )
  }
  if (errors.length > 0) throw new AggregateError(errors, 'Some services failed to stop')
}

/** @returns whether `services` contained it. */
function remove(services: Service[], service: Service): boolean {
  const at = services.indexOf(service)
  if (at >= 0) services.splice(at, 1)
  return at >= 0
}

function stoppedServices(): ServiceStopped {
  return new ServiceStopped('The services were stopped before all had started')
}

function ignore(): void {}

type State = { readonly is: 'idle' } | Run | { readonly is: 'stopping'; readonly stopped: Promise<void> }

interface Run {
  readonly is: 'running'
  /** In the order they were started, including the one that is starting. */
  readonly started: Service[]
}

const IDLE: State = { is: 'idle' }
