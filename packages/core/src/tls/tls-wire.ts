import { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { SecureWire, SecureWireEvents, TLSSession, WireUnderTLS } from '../interfaces/tls.ts'
import type { Wire } from '../interfaces/wire.ts'

/** One side of TLS over a stream, made by node:tls. */
export interface OpenedTLS {
  readonly socket: TLSSocket
  /** The event that the socket emits at the end of the handshake. */
  readonly secured: 'secure' | 'secureConnect'
  /** The outcome of the handshake. */
  readonly session: () => TLSSession
  /** Converts an error of the socket to the one to report. Default: the same error. */
  readonly explain?: (error: Error) => Error
}

/** A wire that runs TLS over another wire. */
export class TLSWire implements SecureWire {
  readonly #under: Wire
  readonly #duplex: WireDuplex
  readonly #socket: TLSSocket
  readonly #events: SecureWireEvents
  #error: Error | undefined
  #blocked = false
  #isSecured = false
  #isEnding = false
  #underEnded = false
  /** The wire under it has closed; some of its bytes may not be read yet. */
  #underClosed = false
  /** `abort` or `close` was called: nothing is read any more. */
  #isShut = false
  #closed = false
  readonly #onWritten = (): void => {
    if (!this.#blocked || this.#socket.writableLength > 0) return
    this.#blocked = false
    if (this.#isUp) this.#events.wireWritable()
  }

  constructor(
    under: WireUnderTLS,
    events: SecureWireEvents,
    open: (duplex: WireDuplex, refuse: (why: Error) => void) => OpenedTLS,
  ) {
    this.#under = under.wire
    this.#events = events
    this.#duplex = new WireDuplex(under)
    const opened = open(this.#duplex, (why) => this.#fail(why))
    this.#socket = opened.socket
    this.#listen(opened)
  }

  get hiddenBytes(): number | undefined {
    return this.#under.hiddenBytes
  }

  wireData(data: Buffer): void {
    if (this.#isUp) this.#duplex.received(data)
  }

  wireEnded(): void {
    this.#underEnded = true
    this.#duplex.receivedEnd()
  }

  wireWritable(): void {
    this.#duplex.wireWritable()
  }

  wireClosed(error: Error | undefined): void {
    this.#underClosed = true
    this.#error ??= error
    const isBehind = this.#error === undefined && this.#underEnded && !this.#socket.readableEnded
    if (!isBehind || this.#isShut || this.#socket.destroyed) this.#finish()
  }

  write(parts: readonly (Buffer | string)[]): boolean {
    const socket = this.#socket
    const last = parts.length - 1
    if (last > 0) socket.cork()
    for (const [at, part] of parts.entries()) {
      if (at < last) socket.write(part)
      else socket.write(part, this.#onWritten)
    }
    if (last > 0) socket.uncork()
    this.#blocked = socket.writableLength > 0
    return !this.#blocked
  }

  /**
   * Waits for the end of a handshake. After an earlier end, OpenSSL's reply to the next handshake message
   * would fail an assertion of Node, which ends the process.
   */
  end(): void {
    this.#isEnding = true
    if (this.#isSecured || this.#socket.readableEnded) this.#socket.end()
  }

  abort(): void {
    this.#shut(() => this.#under.abort())
  }

  close(): void {
    this.#shut(() => this.#under.close())
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  setNoDelay(enabled: boolean): void {
    this.#under.setNoDelay(enabled)
  }

  setKeepAlive(enabled: boolean, initialDelayMs: number): void {
    this.#under.setKeepAlive(enabled, initialDelayMs)
  }

  #listen({ socket, secured, session, explain = (error) => error }: OpenedTLS): void {
    const failed = (error: Error): void => this.#fail(explain(error))
    socket.on('error', failed)
    // Emitted when a handshake fails on a server's side.
    socket.on('_tlsError', failed)
    socket.on('data', (data: Buffer) => {
      if (this.#isUp) this.#events.wireData(data)
    })
    socket.on('end', () => {
      if (!this.#isUp) return
      this.#events.wireEnded()
      if (this.#isEnding) socket.end()
      if (this.#underClosed) this.#finish()
    })
    socket.on('close', () => {
      if (this.#underClosed) this.#finish()
      else this.#under.close()
    })
    socket.once(secured, () => {
      this.#isSecured = true
      if (this.#isUp && this.#error === undefined) this.#events.wireSecured(session())
      if (this.#isEnding) this.#socket.end()
    })
  }

  get #isUp(): boolean {
    return !this.#isShut && !this.#closed
  }

  /** If the wire under it has closed already, no more event of it follows, so this one closes by itself. */
  #shut(shutUnder: () => void): void {
    this.#isShut = true
    shutUnder()
    if (this.#underClosed) queueMicrotask(() => this.#finish())
  }

  /** TLS has already written its alert to the wire under it. */
  #fail(error: Error): void {
    this.#error ??= error
    this.#under.close()
  }

  #finish(): void {
    if (this.#closed) return
    this.#closed = true
    this.#duplex.destroy()
    this.#socket.destroy()
    this.#events.wireClosed(this.#error)
  }
}

/** A wire as a stream for node:tls. The owner of the wire passes its events to this stream. */
export class WireDuplex extends Duplex {
  readonly #wire: Wire
  #unsent: readonly (Buffer | string)[]
  #busy: boolean
  #wirePaused = false
  /** Called when the wire has taken the bytes of `_write`. */
  #written: (() => void) | undefined
  #ending: (() => void) | undefined

  constructor({ wire, unsent, busy }: WireUnderTLS) {
    // Without autoDestroy: node:tls would take it for an abort before it has read the bytes received.
    super({ allowHalfOpen: true, autoDestroy: false })
    this.#wire = wire
    this.#unsent = unsent
    this.#busy = busy
    this.#goOn()
  }

  /** The wire has received bytes. */
  received(data: Buffer): void {
    if (this.push(data) || this.#wirePaused) return
    this.#wirePaused = true
    this.#wire.pause()
  }

  /** The wire has received the peer's FIN. */
  receivedEnd(): void {
    this.push(null)
  }

  /** The wire has sent the bytes it was given. */
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
