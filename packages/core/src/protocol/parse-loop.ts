import { ByteQueue } from '../bytes/byte-queue.ts'
import type { Protocol } from './protocol.ts'

/**
 * Takes one unit from `input` and delivers it.
 *
 * @returns false when no whole unit is there; a promise when the next unit must wait for it.
 */
export type ParseStep = (input: ByteQueue) => boolean | void | Promise<void>

/**
 * The loop of a protocol that cuts its input into units: goes on while there are whole ones, and
 * stops in between when the protocol pauses, closes or hands the connection on.
 *
 * A callback may do any of these, and may ask for the loop again: it is never entered twice, so ten
 * thousand units in one segment need no more stack than one.
 */
export class ParseLoop {
  /** What has come and is not parsed. */
  readonly input: ByteQueue = new ByteQueue()
  readonly #protocol: Protocol<unknown>
  readonly #step: ParseStep
  #running = false
  #paused = false
  #stopped = false

  constructor(protocol: Protocol<unknown>, step: ParseStep) {
    this.#protocol = protocol
    this.#step = step
  }

  /** Takes bytes in. The promise settles when all units that were whole have been dealt with. */
  receive(data: Uint8Array): void | Promise<void> {
    this.input.push(data)
    return this.#run()
  }

  /** Goes on outside a delivery; what goes wrong aborts the connection, as it does within one. */
  goOn(): void {
    try {
      const running = this.#run()
      if (running !== undefined) void running.catch((error: unknown) => this.#fault(error))
    } catch (error) {
      this.#fault(error)
    }
  }

  /** Delivers no further unit until `resume`. */
  pause(): void {
    this.#paused = true
  }

  /** Delivers again, first what is there. */
  resume(): void {
    this.#paused = false
    this.goOn()
  }

  /** Delivers nothing more, ever. */
  stop(): void {
    this.#stopped = true
  }

  #run(): void | Promise<void> {
    if (this.#running) return undefined
    this.#running = true
    try {
      while (this.#mayGoOn()) {
        const taken = this.#step(this.input)
        if (taken === false) break
        if (taken instanceof Promise) return this.#runAfter(taken)
      }
    } catch (error) {
      this.#running = false
      throw error
    }
    this.#running = false
    return undefined
  }

  async #runAfter(unit: Promise<void>): Promise<void> {
    try {
      await unit
    } finally {
      this.#running = false
    }
    await this.#run()
  }

  #mayGoOn(): boolean {
    return !this.#paused && !this.#stopped && !this.#protocol.transport.disconnecting
  }

  #fault(error: unknown): void {
    const { transport } = this.#protocol
    const label = this.#protocol.constructor.name
    transport.reactor.log({
      level: 'error',
      text: 'A protocol failed; its connection is aborted',
      label,
      error,
    })
    transport.abortConnection(error)
  }
}
