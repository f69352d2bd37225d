import type { ProcessTransport } from '../../src/interfaces/process.ts'
import type { ProcessDone, ProcessEnded, ProcessTerminated } from '../../src/errors.ts'
import { ProcessProtocol } from '../../src/protocol/process-protocol.ts'

/** A process protocol that notes what it is told. */
export class RecordingChild extends ProcessProtocol {
  /** The callbacks in order, each when it came first. */
  readonly events: string[] = []
  readonly exits: (ProcessDone | ProcessTerminated)[] = []
  readonly ends: ProcessEnded[] = []
  readonly #written = new Map<number, Buffer[]>()
  /** The callback that throws. */
  failsIn = ''
  /** What it answers to data. */
  answer: Promise<void> | undefined

  get ended(): boolean {
    return this.ends.length > 0
  }

  /** All that the child wrote to `childFD`. */
  text(childFD = 1): string {
    return Buffer.concat(this.#written.get(childFD) ?? []).toString()
  }

  /** How many bytes the child wrote to its standard output. */
  get bytes(): number {
    return (this.#written.get(1) ?? []).reduce((sum, piece) => sum + piece.length, 0)
  }

  override makeConnection(transport: ProcessTransport): unknown {
    const answer = super.makeConnection(transport)
    this.#note('connectionMade')
    return answer
  }

  override childDataReceived(childFD: number, data: Buffer): void | Promise<void> {
    const pieces = this.#written.get(childFD) ?? []
    this.#written.set(childFD, [...pieces, data])
    this.#note(`received ${childFD}`)
    return this.answer
  }

  override childConnectionLost(childFD: number): void {
    this.#note(`lost ${childFD}`)
  }

  override processExited(reason: ProcessDone | ProcessTerminated): void {
    this.exits.push(reason)
    this.#note('processExited')
  }

  override processEnded(reason: ProcessEnded): void {
    this.ends.push(reason)
    this.#note('processEnded')
  }

  #note(event: string): void {
    if (!this.events.includes(event)) this.events.push(event)
    if (event === this.failsIn) throw new Error(`a fault in ${event}`)
  }
}
