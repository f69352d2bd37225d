import type { Transport } from '../interfaces/transport.ts'
import { assertBytes } from '../bytes/byte-queue.ts'
import { swallowIfClosed, whyClosed } from './why-closed.ts'

/** Those who wait to send on one connection: the `send` of a transport. */
export class Sender {
  readonly #transport: Transport
  /** Settles, never rejects, when all who sent before have been served; undefined when nobody waits. */
  #served: Promise<void> | undefined
  #waitingBytes = 0

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Writes `data` behind what others wait to send, as soon as there is room for it. */
  send(data: Uint8Array | string): Promise<void> {
    return swallowIfClosed(this.#send(data))
  }

  async #send(data: Uint8Array | string): Promise<void> {
    assertBytes(data)
    const before = this.#served
    if (before === undefined && this.#transport.write(data)) return
    const sent = before === undefined ? this.#room() : this.#sendAfter(before, data)
    const served = sent.catch(() => undefined)
    this.#served = served
    try {
      await sent
    } finally {
      if (this.#served === served) this.#served = undefined
    }
  }

  async #sendAfter(before: Promise<void>, data: Uint8Array | string): Promise<void> {
    const bytes = Buffer.byteLength(data)
    this.#waitingBytes += bytes
    if (this.#waitingBytes > MAX_WAITING_BYTES)
      this.#transport.abortConnection(
        new Error(`Cannot keep the connection: more than ${MAX_WAITING_BYTES} bytes wait to be sent`),
      )
    await before
    this.#waitingBytes -= bytes
    if (!this.#transport.write(data)) await this.#room()
  }

  async #room(): Promise<void> {
    if (!(await this.#transport.drained())) throw await whyClosed(this.#transport)
  }
}

const MAX_WAITING_BYTES = 16_777_216
