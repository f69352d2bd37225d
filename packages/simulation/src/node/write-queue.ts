import type { Wire } from '@ropewalk/core/reactor'
import { statusOf } from './system-error.ts'

/** Called once a write or a shutdown is complete: 0, or the status of an error. */
export type Completed = (status: number) => void

/**
 * The writes of a socket that its system has not taken yet, in order, and the FIN after them.
 *
 * The wire gets bytes in pieces, so that it holds hardly more than a system does: when the socket is closed, the
 * wire sends what it has, and the rest is dropped.
 */
export class WriteQueue {
  readonly #writes: { rest: Buffer; readonly completed: Completed }[] = []
  /** What is done, and not notified yet. */
  readonly #completing = new Set<Completed>()
  #shutdown: Completed | undefined
  #isFinished = false

  /** Whether a FIN was sent. */
  get isFinished(): boolean {
    return this.#isFinished
  }

  /** Whether writes wait for the wire. */
  get isWaiting(): boolean {
    return this.#writes.length > 0
  }

  /**
   * Writes bytes, which the caller does not change.
   *
   * @param completed Called when the wire has taken all, unless it has when this call returns.
   * @returns whether the wire has taken all.
   */
  write(wire: Wire, data: Buffer, completed: Completed): boolean {
    if (this.#writes.length === 0) {
      const rest = written(wire, data)
      if (rest === undefined) return true
      this.#writes.push({ rest, completed })
    } else this.#writes.push({ rest: data, completed })
    return false
  }

  /** Calls `completed` after the code that runs now. */
  completeSoon(completed: Completed): void {
    this.#completing.add(completed)
    process.nextTick(() => this.#complete(completed))
  }

  /** The wire takes bytes again. */
  writable(wire: Wire): void {
    for (let first = this.#writes[0]; first !== undefined; first = this.#writes[0]) {
      const rest = written(wire, first.rest)
      if (rest !== undefined) {
        first.rest = rest
        return
      }
      this.#writes.shift()
      this.completeSoon(first.completed)
    }
    this.#finish(wire)
  }

  /** Sends a FIN once every byte is written. */
  shutDown(wire: Wire, completed: Completed): void {
    this.#shutdown = completed
    this.#finish(wire)
  }

  /** Completes everything with an error. */
  fail(code: string): void {
    const writes = this.#writes.splice(0).map(({ completed }) => completed)
    const shutdown = this.#shutdown === undefined ? [] : [this.#shutdown]
    this.#shutdown = undefined
    const all = [...this.#completing, ...writes, ...shutdown]
    this.#completing.clear()
    for (const completed of all) completed(statusOf(code))
  }

  #finish(wire: Wire): void {
    const completed = this.#shutdown
    if (completed === undefined || this.#writes.length > 0) return
    this.#shutdown = undefined
    this.#isFinished = true
    wire.end()
    // libuv notifies of a shutdown in the next turn of the event loop.
    this.#completing.add(completed)
    setImmediate(() => this.#complete(completed))
  }

  #complete(completed: Completed): void {
    if (this.#completing.delete(completed)) completed(0)
  }
}

/** Returns the bytes that the wire has not got; undefined when it has taken all. */
function written(wire: Wire, data: Buffer): Buffer | undefined {
  for (let from = 0; from < data.length; from += PIECE_BYTES) {
    const to = from + PIECE_BYTES
    if (!wire.write([data.subarray(from, to)])) return data.subarray(to)
  }
  return undefined
}

const PIECE_BYTES = 16_384
