import type { Transport } from '../contracts/transport.ts'
import { NotConnectedError } from '../errors.ts'
import { mustBeBytes } from './must-be-bytes.ts'
import { unheardIfClosed } from './why-closed.ts'

/**
 * Writes `data` as soon as there is room for it; resolves when there is room for more. Whoever sends
 * concurrently is served in order, and each waits for the one before.
 *
 * While more than 16 MiB wait here, as when nobody awaits the promises, the connection is aborted.
 *
 * @throws {NotConnectedError} (rejects) once the connection is closing; when it is gone, `cause` is the
 *   reason. Who does not wait for the promise need not hear of that.
 * @throws {TypeError} (rejects) when `data` is neither bytes nor a string.
 */
export function send(transport: Transport, data: Uint8Array | string): Promise<void> {
  const sender = SENDERS.get(transport) ?? new Sender(transport)
  SENDERS.set(transport, sender)
  return unheardIfClosed(sender.send(data))
}

/** Those who wait to send on one connection. */
class Sender {
  readonly #transport: Transport
  /** Settles, never rejects, when all who sent before have been served; undefined when nobody waits. */
  #served: Promise<void> | undefined
  #waitingBytes = 0

  constructor(transport: Transport) {
    this.#transport = transport
  }

  async send(data: Uint8Array | string): Promise<void> {
    mustBeBytes(data)
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
    const transport = this.#transport
    if (await transport.drained()) return
    const options = transport.connected ? undefined : { cause: transport.signal.reason as unknown }
    throw new NotConnectedError('Cannot send on a connection that is closing or gone', options)
  }
}

/** Keyed by the connection, so that senders who know nothing of each other stand in one line. */
const SENDERS = new WeakMap<Transport, Sender>()
const MAX_WAITING_BYTES = 16_777_216
