import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { type Address, tcpAddress, unixAddress } from '../addresses.ts'
import type { DeadlineKeeper } from '../interfaces/reactor.ts'
import type { Wire, WireEvents } from '../interfaces/wire.ts'
import { Deadline } from '../time/deadline.ts'
import { connectFailure } from '../transport/dial-by-name.ts'
import type { DialEvents, ConnectAttempt } from '../transport/stream-connector.ts'
import { assertUnixPath } from './unix-socket.ts'
import { YoungCollection, youngCollector } from './young-collection.ts'

/** A wire over a connected socket: TCP or a UNIX socket. */
export class SocketWire implements Wire {
  readonly #socket: WireSocket
  readonly #time: { readonly deadlines: DeadlineKeeper }
  #blocked = false
  /** Created when the system first does not take a write at once. */
  #onWritten: ((error?: Error | null) => void) | undefined
  #fault: Error | undefined
  /** The last event before `attach`. No event follows a close. */
  #missed: 'nothing' | 'end' | 'close' = 'nothing'
  /** When to check next whether the peer still exists, while the socket is not read. */
  #look: Deadline | undefined

  /**
   * From here on no event of the socket is lost.
   *
   * @param time The reactor, for the check once a second whether the peer of an unread socket still exists.
   */
  constructor(socket: Socket, time: { readonly deadlines: DeadlineKeeper }) {
    this.#socket = socket
    this.#time = time
    this.#socket[WIRE] = this
    YOUNG.count(CONNECTION_BYTES)
    socket.on('error', failed)
    socket.on('end', ended)
    socket.on('close', closed)
  }

  get hiddenBytes(): number {
    return HIDDEN_BYTES
  }

  /** Starts reading. */
  attach(events: WireEvents): void {
    // Within this call the caller is not ready for the missed events.
    if (this.#missed === 'nothing') this.#begin(events)
    else process.nextTick(() => this.#catchUp(events))
  }

  write(parts: readonly (Buffer | string)[]): boolean {
    const socket = this.#socket
    const together = parts.length > 1
    if (together) socket.cork()
    for (const part of parts) socket.write(part)
    if (together) socket.uncork()
    // A failed write sets only `errored` at once; the close follows turns later. Nothing is sent any more.
    const isDead = socket.destroyed || socket.errored !== null
    this.#blocked = isDead || socket.writableLength > 0
    // The system takes most writes at once. For a write with a callback, Node would run a task all the same.
    if (this.#blocked && !isDead) socket.write(EMPTY, (this.#onWritten ??= (error) => this.#written(error)))
    return !this.#blocked
  }

  end(): void {
    this.#socket.end()
  }

  abort(): void {
    const socket = this.#socket
    // Only TCP has a reset; resetAndDestroy fails on a pipe.
    if (socket.remoteAddress === undefined) socket.destroy()
    // A shutdown begins once all bytes are sent. While it is pending the system refuses a reset, and the
    // socket would never close.
    else if (socket.writableEnded && !socket.writableFinished && socket.writableLength === 0)
      socket.once('finish', () => this.abort())
    else socket.resetAndDestroy()
  }

  close(): void {
    this.#socket.destroy()
  }

  pause(): void {
    this.#socket.pause()
    this.#lookLater()
  }

  resume(): void {
    this.#socket.resume()
    // A read notices that the peer is gone. After the peer's FIN nothing is read, so the checks continue.
    if (!this.#socket.readableEnded) this.#look?.clear()
  }

  setNoDelay(enabled: boolean): void {
    this.#socket.setNoDelay(enabled)
  }

  setKeepAlive(enabled: boolean, initialDelayMs: number): void {
    this.#socket.setKeepAlive(enabled, initialDelayMs)
  }

  /** @param error The error of a failed write; the socket is destroyed only after this call. */
  #written(error: Error | null | undefined): void {
    if (error || !this.#blocked || this.#socket.writableLength > 0 || this.#socket.destroyed) return
    this.#blocked = false
    this.#socket[EVENTS]?.wireWritable()
  }

  /**
   * libuv does not watch a socket that is not read: a reset after unread bytes, or after the peer's FIN,
   * would go unnoticed.
   */
  #lookLater(): void {
    if (this.#socket.destroyed) return
    this.#look ??= new Deadline(this.#time, () => {
      const peer = lookAtPeer(this.#socket)
      if (peer === 'gone') this.#socket.destroy(reset())
      else if (peer === 'there') this.#lookLater()
    })
    this.#look.set(LOOK_EVERY_MS)
  }

  /** The socket has failed; its close follows. */
  socketFailed(error: Error): void {
    this.#fault = error
  }

  /** All bytes were read, and the peer's FIN was received. */
  socketEnded(): void {
    this.#lookLater()
    const events = this.#socket[EVENTS]
    if (events === undefined) this.#missed = 'end'
    else events.wireEnded()
  }

  /** The socket has closed. */
  socketClosed(): void {
    this.#look?.clear()
    const events = this.#socket[EVENTS]
    if (events === undefined) this.#missed = 'close'
    else events.wireClosed(this.#fault)
  }

  #begin(events: WireEvents): void {
    this.#socket[EVENTS] = events
    this.#socket.on('data', dataCame)
  }

  #catchUp(events: WireEvents): void {
    const isGone = this.#missed === 'close'
    this.#begin(events)
    if (this.#socket.readableEnded) events.wireEnded()
    if (isGone) events.wireClosed(this.#fault)
  }
}

const EVENTS: unique symbol = Symbol('events')
const WIRE: unique symbol = Symbol('wire')

/**
 * A socket with its wire and the events attached to it. All sockets share the same listeners, so that idle
 * ones need no closures of their own.
 */
interface WireSocket extends Socket {
  [EVENTS]?: WireEvents
  [WIRE]?: SocketWire
}

function dataCame(this: WireSocket, data: Buffer): void {
  this[EVENTS]?.wireData(data)
  YOUNG.count(data.length + READ_BYTES)
}

function failed(this: WireSocket, error: Error): void {
  this[WIRE]?.socketFailed(error)
}

function ended(this: WireSocket): void {
  this[WIRE]?.socketEnded()
}

function closed(this: WireSocket): void {
  this[WIRE]?.socketClosed()
}

/** Collects after the output of the turn was sent: less is alive then, and no reply waits for the collection. */
function laterCollector(): (() => void) | undefined {
  const collect = youngCollector()
  return collect && (() => void setImmediate(collect))
}

/**
 * Whether the system still has the connection of `socket`. It is found out without reading.
 *
 * No public API always works: a read reports a reset only after all unread bytes, an empty write is refused
 * after our own FIN, and `remoteAddress` is cached. Linux and macOS report no peer for a TCP socket that was
 * reset. Where the handle has no `getpeername`, as that of a UNIX socket, only the next read or write reports
 * the end.
 */
function lookAtPeer(socket: Socket): 'there' | 'gone' | 'unknown' {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (typeof handle !== 'object' || handle === null) return 'unknown'
  const getpeername: unknown = Reflect.get(handle, 'getpeername')
  if (typeof getpeername !== 'function') return 'unknown'
  const status: unknown = Reflect.apply(getpeername, handle, [{}])
  if (typeof status !== 'number') return 'unknown'
  const { getSystemErrorName } = process.getBuiltinModule('node:util')
  return status < 0 && WITHOUT_PEER.has(getSystemErrorName(status)) ? 'gone' : 'there'
}

/** The error that a read would report after the unread bytes. */
function reset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' })
}

/** Starts to connect a TCP or UNIX socket. Errors name `address`, the destination; `time` is the reactor. */
export function dialSocket(
  address: Address,
  options: NetConnectOpts,
  time: { readonly deadlines: DeadlineKeeper },
  events: DialEvents,
): ConnectAttempt {
  if ('path' in options) assertUnixPath(options.path)
  const socket = connect({ ...options, allowHalfOpen: true })
  const wire = new SocketWire(socket, time)
  let wanted = true
  socket.once('error', (cause) => {
    if (wanted) events.failed(connectFailure(address, cause))
    wanted = false
  })
  socket.once('connect', () => {
    if (!wanted) return
    wanted = false
    socket.setNoDelay(true)
    events.connected({
      wire,
      localAddress: localAddressOf(socket, address),
      peerAddress: peerAddressOf(socket, address) ?? address,
      attach: (transport) => wire.attach(transport),
    })
  })
  return {
    cancel() {
      wanted = false
      socket.destroy()
    },
  }
}

/** The peer of a connected socket; undefined when the connection is gone already. */
export function peerAddressOf(socket: Socket, localAddress: Address): Address | undefined {
  // The peer of a UNIX socket has a path only if it listened, and Node does not expose it.
  if (localAddress.type === 'UNIX') return unixAddress('')
  if (socket.remoteAddress === undefined || socket.remotePort === undefined) return undefined
  return tcpAddress(socket.remoteAddress, socket.remotePort)
}

/** The local address of a connected socket, or `fallback` where the system does not report it. */
export function localAddressOf(socket: Socket, fallback: Address): Address {
  if (fallback.type === 'UNIX' || socket.localAddress === undefined || socket.localPort === undefined)
    return fallback
  return tcpAddress(socket.localAddress, socket.localPort)
}

/** The errors of a socket without a peer: of Linux, and of macOS. */
const WITHOUT_PEER: ReadonlySet<string> = new Set(['ENOTCONN', 'EINVAL'])
const LOOK_EVERY_MS = 1000
/** V8's heap is the process's: all sockets count together. */
const YOUNG = new YoungCollection(laterCollector)
/** About what opening a connection leaves behind: without it, 10 000 idle WebSockets take half as much again. */
const CONNECTION_BYTES = 32_768
/**
 * What a read counts besides its bytes: 2 000 small reads are collected together. V8 would collect up to 6 000, and
 * the pause grows with their number.
 */
const READ_BYTES = 4096
const EMPTY = Buffer.alloc(0)

/**
 * Linux reports a socket as writable once a third of its send buffer is free, and grows that to 4 MiB by
 * itself.
 */
const HIDDEN_BYTES = Math.ceil((4 * 1024 * 1024) / 3)
