import { LocalProtocolError } from '../errors.ts'

/** A collection of services that starts and stops them with itself: a `MultiService`. */
export interface ServiceCollection extends Iterable<Service> {
  /** Adds `service`. Resolves when it has started, if the collection is running. */
  addService(service: Service): Promise<void>
  /** Removes `service`. Resolves when it has stopped, if it was running. */
  removeService(service: Service): Promise<void>
  /** The service called `name`; undefined when it is missing. */
  getServiceNamed(name: string): Service | undefined
}

/**
 * A part of a program that is started and stopped: a listener, a client, a timer.
 *
 * Override `startService` and `stopService`, call the `super` method in each, and return a promise when it
 * takes time. A stop may begin before the start is done; a service that was stopped can be started again.
 *
 *     class Cache extends Service {
 *       override async startService() {
 *         await super.startService()
 *         await this.load()
 *       }
 *     }
 */
export class Service {
  #name: string | undefined
  #running = false
  #parent: ServiceCollection | undefined

  /** The name by which its parent finds it. */
  get name(): string | undefined {
    return this.#name
  }

  /** Whether it was started, and has not been stopped since. */
  get running(): boolean {
    return this.#running
  }

  /** The collection that starts and stops it. */
  get parent(): ServiceCollection | undefined {
    return this.#parent
  }

  /** @throws {LocalProtocolError} when it has a parent, which finds it by its present name. */
  setName(name: string): void {
    if (this.#parent !== undefined) throw new LocalProtocolError('Cannot rename a service that has a parent')
    this.#name = name
  }

  /**
   * Makes it a child of `parent`: at once, or after it has left its previous parent. Resolves when it has
   * started, if the parent is running.
   *
   * @throws {unknown} (rejects) when `parent` refuses it, or with the error of its start; it has no parent
   *   then.
   */
  async setServiceParent(parent: ServiceCollection): Promise<void> {
    if (this.#parent !== undefined) await this.disownServiceParent()
    this.#parent = parent
    try {
      await parent.addService(this)
    } catch (error) {
      if (this.#parent === parent) this.#parent = undefined
      throw error
    }
  }

  /** Leaves its parent, if it has one. Resolves when it has stopped, if it was running. */
  async disownServiceParent(): Promise<void> {
    const parent = this.#parent
    this.#parent = undefined
    await parent?.removeService(this)
  }

  /**
   * Begins to work. Does nothing when it is running.
   *
   * When it throws or rejects, the start has failed. `stopService` is not called then, so it must clean up
   * first.
   */
  startService(): unknown {
    this.#running = true
    return undefined
  }

  /** Ends what `startService` began. Does nothing unless it is running. */
  stopService(): unknown {
    this.#running = false
    return undefined
  }

  /** The same as `stopService`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopService()
  }
}
