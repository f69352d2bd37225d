import type { Socket } from 'node:net'
import type { Wire, WireEvents } from '../contracts/wire.ts'

/** A wire over a connected socket: TCP or a UNIX socket. */
export class SocketWire implements Wire {
  readonly #socket: Socket
  #events: WireEvents | undefined
  #error: Error | undefined
  #blocked = false
  readonly #onWritten = (): void => {
    if (!this.#blocked || this.#socket.writableLength > 0) return
    this.#blocked = false
    this.#events?.wireWritable()
  }

  /** From here on no error of the socket goes unheard. */
  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', (error) => {
      this.#error = error
    })
  }

  /** Begins to read. */
  attach(events: WireEvents): void {
    this.#events = events
    this.#socket.on('data', (data) => events.wireData(data))
    this.#socket.on('end', () => events.wireEnded())
    this.#socket.on('close', () => events.wireClosed(this.#error))
  }

  write(parts: readonly (Buffer | string)[]): boolean {
    const socket = this.#socket
    const last = parts.length - 1
    if (last > 0) socket.cork()
    for (let i = 0; i < last; i++) socket.write(parts[i] ?? EMPTY)
    socket.write(parts[last] ?? EMPTY, this.#onWritten)
    if (last > 0) socket.uncork()
    this.#blocked = socket.writableLength > 0
    return !this.#blocked
  }

  end(): void {
    this.#socket.end()
  }

  abort(): void {
    const socket = this.#socket
    // Only TCP knows a reset; resetAndDestroy on a pipe would only report that.
    if (socket.remoteAddress === undefined) socket.destroy()
    // While a shutdown is under way the system refuses a reset, and the socket would never close.
    else if (socket.writableEnded && !socket.writableFinished) socket.once('finish', () => this.abort())
    else socket.resetAndDestroy()
  }

  close(): void {
    this.#socket.destroy()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  setNoDelay(enabled: boolean): void {
    this.#socket.setNoDelay(enabled)
  }

  setKeepAlive(enabled: boolean, initialDelayMs: number): void {
    this.#socket.setKeepAlive(enabled, initialDelayMs)
  }
}

const EMPTY = Buffer.alloc(0)
