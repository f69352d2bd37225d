import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'
import { type Address, tcpAddress, unixAddress } from '../addresses.ts'
import {
  codeOf,
  ConnectBindError,
  ConnectError,
  ConnectionRefusedError,
  DNSLookupError,
  NoRouteError,
  TCPTimedOutError,
} from '../errors.ts'
import type { DeadlineKeeper } from '../interfaces/reactor.ts'
import type { Wire, WireEvents } from '../interfaces/wire.ts'
import { Deadline } from '../time/deadline.ts'
import type { DialEvents, Dialling } from '../transport/stream-connector.ts'
import { assertUnixPath } from './unix-socket.ts'

/** A wire over a connected socket: TCP or a UNIX socket. */
export class SocketWire implements Wire {
  readonly #socket: WireSocket
  readonly #time: { readonly deadlines: DeadlineKeeper }
  #blocked = false
  /** Made with the first write: many a connection waits for a long time before. */
  #onWritten: ((error?: Error | null) => void) | undefined
  #fault: Error | undefined
  /** What came before anything was attached; after a close there is nothing more to come. */
  #missed: 'nothing' | 'end' | 'close' = 'nothing'
  /** When to look after the peer next, while nothing is read from it. */
  #look: Deadline | undefined

  /**
   * From here on no event of the socket is lost.
   *
   * @param time The reactor: once a second, a peer is looked after that is not read from.
   */
  constructor(socket: Socket, time: { readonly deadlines: DeadlineKeeper }) {
    this.#socket = socket
    this.#time = time
    this.#socket[WIRE] = this
    socket.on('error', failed)
    socket.on('end', ended)
    socket.on('close', closed)
  }

  get hiddenBytes(): number {
    return HIDDEN_BYTES
  }

  /** Begins to read. */
  attach(events: WireEvents): void {
    // Within this call the caller is not ready for what was missed.
    if (this.#missed === 'nothing') this.#begin(events)
    else process.nextTick(() => this.#catchUp(events))
  }

  write(parts: readonly (Buffer | string)[]): boolean {
    const socket = this.#socket
    const last = parts.length - 1
    if (last > 0) socket.cork()
    for (let i = 0; i < last; i++) socket.write(parts[i] ?? EMPTY)
    this.#onWritten ??= (error) => this.#written(error)
    socket.write(parts[last] ?? EMPTY, this.#onWritten)
    if (last > 0) socket.uncork()
    // Of a write that fails only `errored` is known at once, and the close comes turns later: nothing leaves any more.
    this.#blocked = socket.writableLength > 0 || socket.destroyed || socket.errored !== null
    return !this.#blocked
  }

  end(): void {
    this.#socket.end()
  }

  abort(): void {
    const socket = this.#socket
    // Only TCP knows a reset; resetAndDestroy on a pipe would only report that.
    if (socket.remoteAddress === undefined) socket.destroy()
    // While a shutdown is under way the system refuses a reset, and the socket would never close. It begins once all has left.
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
    // A peer that is read from is seen to leave; after its end there is nothing to read any more.
    if (!this.#socket.readableEnded) this.#look?.clear()
  }

  setNoDelay(enabled: boolean): void {
    this.#socket.setNoDelay(enabled)
  }

  setKeepAlive(enabled: boolean, initialDelayMs: number): void {
    this.#socket.setKeepAlive(enabled, initialDelayMs)
  }

  /** @param error Of a write that failed: the socket is destroyed only after this call. */
  #written(error: Error | null | undefined): void {
    if (error || !this.#blocked || this.#socket.writableLength > 0 || this.#socket.destroyed) return
    this.#blocked = false
    this.#socket[EVENTS]?.wireWritable()
  }

  /** Libuv does not watch a socket that is not read: a reset behind unread bytes, or after an end, would go unnoticed. */
  #lookLater(): void {
    if (this.#socket.destroyed) return
    this.#look ??= new Deadline(this.#time, () => {
      const peer = lookAtPeer(this.#socket)
      if (peer === 'gone') this.#socket.destroy(reset())
      else if (peer === 'there') this.#lookLater()
    })
    this.#look.set(LOOK_EVERY_MS)
  }

  /** The socket has failed; it closes. */
  socketFailed(error: Error): void {
    this.#fault = error
  }

  /** The socket has brought all, and its peer has ended. */
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

/** A socket that knows its wire and what is attached to it. All share the same listeners: many idle ones need no closures of their own. */
interface WireSocket extends Socket {
  [EVENTS]?: WireEvents
  [WIRE]?: SocketWire
}

function dataCame(this: WireSocket, data: Buffer): void {
  this[EVENTS]?.wireData(data)
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

/**
 * Whether the system still has the connection of `socket`, found out without reading.
 *
 * No public way always works: reading on finds a reset only after all that is unread, an empty write is refused after
 * our own end, and `remoteAddress` remembers what it once was. Linux and macOS know no peer of a TCP socket once it was
 * reset. Where the handle cannot be asked, as that of a UNIX socket, the next read or write finds out.
 */
function lookAtPeer(socket: Socket): 'there' | 'gone' | 'unknown' {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (typeof handle !== 'object' || handle === null) return 'unknown'
  const getpeername: unknown = Reflect.get(handle, 'getpeername')
  if (typeof getpeername !== 'function') return 'unknown'
  const status: unknown = Reflect.apply(getpeername, handle, [{}])
  if (typeof status !== 'number') return 'unknown'
  return status < 0 && WITHOUT_PEER.has(getSystemErrorName(status)) ? 'gone' : 'there'
}

/** What a read would find in the end. */
function reset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' })
}

/** Begins to connect a socket, TCP or UNIX. `address` is where to, for errors; `time` is the reactor's. */
export function dialSocket(
  address: Address,
  options: NetConnectOpts,
  time: { readonly deadlines: DeadlineKeeper },
  events: DialEvents,
): Dialling {
  if ('path' in options) assertUnixPath(options.path)
  const socket = connect({ ...options, allowHalfOpen: true })
  const wire = new SocketWire(socket, time)
  let wanted = true
  socket.once('error', (cause) => {
    if (wanted) events.dialFailed(connectFailure(address, cause))
    wanted = false
  })
  socket.once('connect', () => {
    if (!wanted) return
    wanted = false
    socket.setNoDelay(true)
    events.dialled({
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

/** The error that says why a socket could not connect, from the system's. */
export function connectFailure(address: Address, cause: unknown): ConnectError {
  if (cause instanceof DNSLookupError) return new DNSLookupError(address, 'the name has no address', cause)
  const code = codeOf(cause)
  const [Failure, why] = FAILURE[code ?? ''] ?? [ConnectError, undefined]
  const message = cause instanceof Error && cause.message !== '' ? cause.message : String(code ?? cause)
  return new Failure(address, why === undefined ? message : `${why} (${code})`, cause)
}

/** The other end of a connected socket; undefined when the connection is gone already. */
export function peerAddressOf(socket: Socket, localAddress: Address): Address | undefined {
  // The other end of a UNIX socket has a name only where that end listened, and Node does not tell it.
  if (localAddress.type === 'UNIX') return unixAddress('')
  if (socket.remoteAddress === undefined || socket.remotePort === undefined) return undefined
  return tcpAddress(socket.remoteAddress, socket.remotePort)
}

/** Our end of a connected socket, or `fallback` where the system does not tell. */
export function localAddressOf(socket: Socket, fallback: Address): Address {
  if (fallback.type === 'UNIX' || socket.localAddress === undefined || socket.localPort === undefined)
    return fallback
  return tcpAddress(socket.localAddress, socket.localPort)
}

/** How Linux, and how macOS, know no peer. */
const WITHOUT_PEER: ReadonlySet<string> = new Set(['ENOTCONN', 'EINVAL'])
const LOOK_EVERY_MS = 1000
const EMPTY = Buffer.alloc(0)

/** Linux shows room once a third of a socket's send buffer is free, and lets that grow to 4 MiB by itself. */
const HIDDEN_BYTES = Math.ceil((4 * 1024 * 1024) / 3)
const FAILURE: Readonly<Record<string, readonly [typeof ConnectError, string]>> = {
  ECONNREFUSED: [ConnectionRefusedError, 'no program listens there'],
  ENOENT: [ConnectionRefusedError, 'there is no such socket'],
  ETIMEDOUT: [TCPTimedOutError, 'no answer came'],
  ENOTFOUND: [DNSLookupError, 'the name has no address'],
  EAI_AGAIN: [DNSLookupError, 'the name service did not answer'],
  EHOSTUNREACH: [NoRouteError, 'the host cannot be reached'],
  ENETUNREACH: [NoRouteError, 'the network cannot be reached'],
  EADDRNOTAVAIL: [ConnectBindError, 'the local address cannot be used'],
  EADDRINUSE: [ConnectBindError, 'the local address is in use'],
}
