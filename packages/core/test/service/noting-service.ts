import { Service } from '../../src/services.ts'

/** A service that notes when it is started and stopped, and takes time or fails as a test chooses. */
export class NotingService extends Service {
  readonly #notes: string[]
  starting: () => unknown = () => undefined
  stopping: () => unknown = () => undefined

  constructor(name: string, notes: string[]) {
    super()
    this.setName(name)
    this.#notes = notes
  }

  override async startService(): Promise<void> {
    this.#notes.push(`start ${this.name}`)
    await this.starting()
    await super.startService()
    this.#notes.push(`${this.name} up`)
  }

  override async stopService(): Promise<void> {
    this.#notes.push(`stop ${this.name}`)
    await this.stopping()
    await super.stopService()
    this.#notes.push(`${this.name} down`)
  }
}
