import {
  type ProcessDone,
  type ProcessEnded,
  ProcessProtocol,
  type ProcessTerminated,
  type ProcessTransport,
} from '../../src/process.ts'

/** A process protocol that records its callbacks. */
export class RecordingChild extends ProcessProtocol {
  /** The names of the callbacks, in the order of their first calls. */
  readonly events: string[] = []
  readonly exits: (ProcessDone | ProcessTerminated)[] = []
  readonly ends: ProcessEnded[] = []
  readonly #written = new Map<number, Buffer[]>()
  /** The callback that throws. */
  failsIn = ''
  /** The result of `childDataReceived`. */
  result: Promise<void> | undefined

  get ended(): boolean {
    return this.ends.length > 0
  }

  /** Everything that the child wrote to `childFD`. */
  text(childFD = 1): string {
    return Buffer.concat(this.#written.get(childFD) ?? []).toString()
  }

  /** How many bytes the child wrote to its standard output. */
  get bytes(): number {
    return (this.#written.get(1) ?? []).reduce((sum, piece) => sum + piece.length, 0)
  }

  override makeConnection(transport: ProcessTransport): unknown {
    const result = super.makeConnection(transport)
    this.#note('connectionMade')
    return result
  }

  override childDataReceived(childFD: number, data: Buffer): void | Promise<void> {
    const pieces = this.#written.get(childFD) ?? []
    this.#written.set(childFD, [...pieces, data])
    this.#note(`received ${childFD}`)
    return this.result
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
