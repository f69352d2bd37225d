import { LocalProtocolError } from '../errors.ts'

/** What holds services, and starts and stops them with itself: a `MultiService`. */
export interface ServiceCollection extends Iterable<Service> {
  /** Takes `service` in. Resolves when it has been started, if the collection runs. */
  addService(service: Service): Promise<void>
  /** Lets `service` go. Resolves when it has been stopped, if it was running. */
  removeService(service: Service): Promise<void>
  /** Its service of that name. */
  getServiceNamed(name: string): Service | undefined
}

/**
 * A part of a program that is started and stopped: a listener, a client, a timer.
 *
 * Override `startService` and `stopService`, call `super`'s in each, and return a promise where it takes
 * time. A stop may come while the start is not done yet; a service that was stopped can be started again.
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

  /** What its parent knows it by. */
  get name(): string | undefined {
    return this.#name
  }

  /** Whether it was started, and has not been stopped since. */
  get running(): boolean {
    return this.#running
  }

  /** Who starts and stops it. */
  get parent(): ServiceCollection | undefined {
    return this.#parent
  }

  /** @throws {LocalProtocolError} when it has a parent, which knows it by the name it has. */
  setName(name: string): void {
    if (this.#parent !== undefined) throw new LocalProtocolError('Cannot rename a service that has a parent')
    this.#name = name
  }

  /**
   * Makes it a child of `parent`, at once unless it must leave another parent before. Resolves when it has
   * been started, if the parent runs.
   *
   * @throws {unknown} (rejects) with what is wrong with its name, or with its start; it has no parent then.
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

  /** Leaves its parent, if it has one. Resolves when it has been stopped, if it was running. */
  async disownServiceParent(): Promise<void> {
    const parent = this.#parent
    this.#parent = undefined
    await parent?.removeService(this)
  }

  /**
   * Begins to work. Does nothing when it was started.
   *
   * When it throws or rejects, the start has failed: it is not stopped then, so it must leave nothing behind.
   */
  startService(): unknown {
    this.#running = true
    return undefined
  }

  /** Ends what `startService` began. Does nothing unless it was started. */
  stopService(): unknown {
    this.#running = false
    return undefined
  }

  /** The same as `stopService`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopService()
  }
}
