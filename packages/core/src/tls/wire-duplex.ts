import { Duplex } from 'node:stream'
import type { WireUnderTLS } from '../interfaces/tls.ts'
import type { Wire } from '../interfaces/wire.ts'

/** A wire as the stream that node:tls speaks over. The owner of the wire passes its events on. */
export class WireDuplex extends Duplex {
  readonly #wire: Wire
  #unsent: readonly (Buffer | string)[]
  #busy: boolean
  #wirePaused = false
  /** Called when the wire has taken what `_write` gave it. */
  #written: (() => void) | undefined
  #ending: (() => void) | undefined

  constructor({ wire, unsent, busy }: WireUnderTLS) {
    // Not destroyed by itself: node:tls would take that for a cut before it has read what came.
    super({ allowHalfOpen: true, autoDestroy: false })
    this.#wire = wire
    this.#unsent = unsent
    this.#busy = busy
    this.#goOn()
  }

  /** The wire brought bytes. */
  received(data: Buffer): void {
    if (this.push(data) || this.#wirePaused) return
    this.#wirePaused = true
    this.#wire.pause()
  }

  /** The wire brought the peer's end. */
  receivedEnd(): void {
    this.push(null)
  }

  /** The wire has sent what it was handed. */
  wireWritable(): void {
    this.#busy = false
    this.#goOn()
  }

  override _read(): void {
    if (!this.#wirePaused) return
    this.#wirePaused = false
    this.#wire.resume()
  }

  override _write(data: Buffer, _encoding: BufferEncoding, written: () => void): void {
    this.#send([data], written)
  }

  override _writev(chunks: { readonly chunk: Buffer }[], written: () => void): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      written,
    )
  }

  override _final(ended: () => void): void {
    this.#ending = ended
    this.#goOn()
  }

  #send(parts: readonly Buffer[], written: () => void): void {
    this.#unsent = [...this.#unsent, ...parts]
    this.#written = written
    this.#goOn()
  }

  #goOn(): void {
    if (!this.#busy && this.#unsent.length > 0) {
      const parts = this.#unsent
      this.#unsent = []
      this.#busy = !this.#wire.write(parts)
    }
    if (this.#busy) return
    const written = this.#written
    this.#written = undefined
    written?.()
    if (this.#ending === undefined) return
    const ended = this.#ending
    this.#ending = undefined
    this.#wire.end()
    ended()
  }
}
