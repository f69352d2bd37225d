import { LocalProtocolError, ServiceStopped } from '../errors.ts'
import { SERVICE } from '../options/object-rules.ts'
import { checkValue } from '../options/check-options.ts'
import { callSafely } from '../safely.ts'
import { Service, type ServiceCollection } from './service.ts'

/**
 * Services that are started together, in the order they were added, each once the one before is up; and
 * stopped in the reverse order, each once the one behind it is down.
 */
export class MultiService extends Service implements ServiceCollection {
  readonly #services: Service[] = []
  #state: State = IDLE

  getServiceNamed(name: string): Service | undefined {
    return this.#services.find((service) => service.name === name)
  }

  /** Its services, in the order they were added. */
  [Symbol.iterator](): Iterator<Service> {
    return this.#services.values()
  }

  /**
   * Takes `service` in, behind the others and at once; the same as `service.setServiceParent(this)`.
   * Resolves when it has been started, if this runs.
   *
   * @throws {LocalProtocolError} (rejects) when it is here already, or another has its name.
   * @throws {TypeError} (rejects) for what is not a service.
   * @throws {unknown} (rejects) with what its start failed with; it is not taken in then.
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
   * Lets `service` go; the same as its `disownServiceParent`. Resolves when it has been stopped, if it was
   * running.
   *
   * @throws {LocalProtocolError} (rejects) when it is not here.
   */
  async removeService(service: Service): Promise<void> {
    if (service.parent === this) return service.disownServiceParent()
    if (!remove(this.#services, service))
      throw new LocalProtocolError('Cannot remove a service that is not there')
    const state = this.#state
    if (state.is === 'stopping') await state.stopped.catch(ignore)
    else if (state.is === 'running' && remove(state.started, service)) await service.stopService()
  }

  /**
   * Starts them all; waits before for a stop that is under way. Does nothing when it was started. When one
   * fails, those that were started are stopped, in the reverse order.
   *
   * @throws {ServiceStopped} (rejects) when it is stopped meanwhile; the rest is not started.
   * @throws {unknown} (rejects) with what the one that failed threw.
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
   * Stops those that were started, and those that are being started. Waits for each, though others fail.
   *
   * @throws {AggregateError} (rejects) with what each that failed threw.
   */
  override async stopService(): Promise<void> {
    void super.stopService()
    const state = this.#state
    if (state.is === 'idle') return
    if (state.is === 'stopping') return state.stopped
    // In its own time: what a service does when it is told must find the state below.
    const stopped = Promise.resolve(state.started)
      .then(stopAll)
      .finally(() => {
        this.#state = IDLE
      })
    this.#state = { is: 'stopping', stopped }
    await stopped
  }

  /** Not one that has left meanwhile, nor one that left and came back, which was started then. */
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

  /** @returns what the start has failed with, and the stop that it led to, if that failed too. */
  async #undo(run: Run, error: unknown): Promise<unknown> {
    if (this.#state !== run) return error
    try {
      await this.stopService()
      return error
    } catch (failedToStop) {
      return new AggregateError([error, failedToStop], 'A service failed to start, and others then to stop')
    }
  }

  #assertNew(service: Service): void {
    if (this.#services.includes(service)) throw new LocalProtocolError('Cannot add a service twice')
    if (service.name !== undefined && this.getServiceNamed(service.name) !== undefined)
      throw new LocalProtocolError(`Cannot add a second service of the name "${service.name}"`)
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
  if (errors.length > 0) throw new AggregateError(errors, 'Not every service has stopped as it should')
}

/** @returns whether it was there. */
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
  /** In the order they were started; also the one that is being started. */
  readonly started: Service[]
}

const IDLE: State = { is: 'idle' }
