import type { Socket } from 'node:net'
import type { Wire, WireEvents } from '../contracts/wire.ts'

/** A wire over a connected socket: TCP or a UNIX socket. */
export class SocketWire implements Wire {
  readonly #socket: HeardSocket
  #blocked = false
  /** Made with the first write: many a connection waits for a long time before. */
  #onWritten: (() => void) | undefined

  /** From here on no error of the socket goes unheard. */
  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', failed)
  }

  get hiddenBytes(): number {
    return HIDDEN_BYTES
  }

  /** Begins to read. */
  attach(events: WireEvents): void {
    this.#socket[EVENTS] = events
    this.#socket.on('data', dataCame)
    this.#socket.on('end', endCame)
    this.#socket.on('close', closed)
  }

  write(parts: readonly (Buffer | string)[]): boolean {
    const socket = this.#socket
    const last = parts.length - 1
    if (last > 0) socket.cork()
    for (let i = 0; i < last; i++) socket.write(parts[i] ?? EMPTY)
    this.#onWritten ??= () => this.#written()
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

  #written(): void {
    if (!this.#blocked || this.#socket.writableLength > 0) return
    this.#blocked = false
    this.#socket[EVENTS]?.wireWritable()
  }
}

const EVENTS: unique symbol = Symbol('events')
const FAULT: unique symbol = Symbol('fault')

/** A socket that knows who hears of it. All share the same listeners: many idle ones need no closures of their own. */
interface HeardSocket extends Socket {
  [EVENTS]?: WireEvents
  [FAULT]?: Error
}

function dataCame(this: HeardSocket, data: Buffer): void {
  this[EVENTS]?.wireData(data)
}

function endCame(this: HeardSocket): void {
  this[EVENTS]?.wireEnded()
}

function failed(this: HeardSocket, error: Error): void {
  this[FAULT] = error
}

function closed(this: HeardSocket): void {
  this[EVENTS]?.wireClosed(this[FAULT])
}

const EMPTY = Buffer.alloc(0)

/** Linux shows room once a third of a socket's send buffer is free, and lets that grow to 4 MiB by itself. */
const HIDDEN_BYTES = Math.ceil((4 * 1024 * 1024) / 3)
