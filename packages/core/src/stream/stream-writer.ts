import type { Transport } from '../interfaces/transport.ts'
import { swallowIfClosed, whyClosed } from '../transport/why-closed.ts'

/**
 * The writing side of a connection for a coroutine: `await` each write, and no more is made than the
 * peer takes.
 *
 * Who does not wait for a write need not hear of the end of the connection: its rejection is not an
 * unhandled one.
 */
export class StreamWriter {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /**
   * Queues bytes, or a string as UTF-8, at once; resolves when there is room for more: at once below the
   * high-water mark, above it once the queue is below the low one.
   *
   * @throws {ConnectionClosed} (rejects) when the connection is gone, or goes before there is room.
   * @throws {NotConnectedError} (rejects) after `end`.
   * @throws {TypeError} (rejects) when `data` is neither bytes nor a string.
   */
  write(data: Uint8Array | string): Promise<void> {
    return swallowIfClosed(this.#write(data))
  }

  /** Resolves when the queue is below the low-water mark; rejects as `write` does. */
  drained(): Promise<void> {
    return swallowIfClosed(this.#drained())
  }

  /** Says that no more will come, behind what was written; reading goes on. */
  end(): void {
    this.#transport.loseWriteConnection()
  }

  async #write(data: Uint8Array | string): Promise<void> {
    if (!this.#transport.write(data)) await this.#drained()
  }

  async #drained(): Promise<void> {
    if (!(await this.#transport.drained())) throw await whyClosed(this.#transport)
  }
}
