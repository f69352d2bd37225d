import { StreamProtocol, type StreamReader, type StreamWriter } from '../../src/stream.ts'

/** A stream protocol that runs a function of the test. */
export class Script extends StreamProtocol {
  readonly #script: (reader: StreamReader, writer: StreamWriter, self: Script) => Promise<void>
  override readonly maxBufferedBytes: number

  constructor(
    script: (reader: StreamReader, writer: StreamWriter, self: Script) => Promise<void>,
    maxBufferedBytes: number = 65_536,
  ) {
    super()
    this.#script = script
    this.maxBufferedBytes = maxBufferedBytes
  }

  override run(reader: StreamReader, writer: StreamWriter): Promise<void> {
    return this.#script(reader, writer, this)
  }
}
