import { AsyncResource } from 'node:async_hooks'
import { getSystemErrorName } from 'node:util'
import { type Address, ConnectionRefusedError, tcpAddress, unixAddress } from '@ropewalk/core'
import type { ConnectAttempt, ConnectedWire, Wire, WireEvents } from '@ropewalk/core/reactor'
import type { DelayedCall } from '@ropewalk/core/time'
import type { SimulatedHost } from '../host/simulated-host.ts'
import type { JSStream, NetInternals } from './internals.ts'
import { codeOf, statusOf, systemError } from './system-error.ts'
import { WriteQueue } from './write-queue.ts'

/**
 * The handle of a `net.Socket` on a host of the simulation: a JSStream of Node over a wire of the network.
 *
 * It stands below `node:net`, in the place of libuv's TCP handle. Streams, half-open sockets, timeouts, errors,
 * TLS and HTTP are Node's own code above it. It behaves as libuv: it reads, and so detects an end or a reset,
 * only between `readStart` and `readStop`; a write is complete when the system has taken its bytes.
 */
export class StreamHandle implements WireEvents {
  /** What Node holds. */
  readonly stream: JSStream
  /** The socket that gets errors, if it is not the owner of the handle: the TLSSocket above it. */
  secureSocket: NodeSocket | undefined
  readonly #host: SimulatedHost
  readonly #owner: symbol
  #state: State = { is: 'new' }
  #bindAddress: string | undefined
  #bindPort = 0
  #isMapped = false
  #reading = false
  /** Whether the peer has sent a FIN. */
  #hasEnded = false
  /** What input ends with, once it is known and not yet delivered. */
  #ending: 'FIN' | Error | undefined
  /** The error of a broken connection; the first system call that reports it clears it. */
  #broken: string | undefined
  readonly #queue = new WriteQueue()
  #bytesWritten = 0

  constructor(host: SimulatedHost, internals: NetInternals) {
    this.#host = host
    this.#owner = internals.owner
    this.stream = internals.newStream()
    HANDLES.set(this.stream, this)
    OPEN.add(this)
    Object.assign(this.stream, this.#methods())
    Object.defineProperty(this.stream, 'bytesWritten', { get: () => this.#bytesWritten })
  }

  /** The handle that Node holds as `stream`; undefined when it is another one. */
  static of(stream: object): StreamHandle | undefined {
    return HANDLES.get(stream)
  }

  /**
   * Frees what Node keeps for the open sockets of hosts, and would keep for ever: the parsers of HTTP. Called when
   * no code of these hosts runs any more.
   */
  static forgetOpen(): void {
    for (const handle of OPEN) handle.#freeParser()
    OPEN.clear()
  }

  /**
   * Takes a connection that was accepted.
   *
   * @param isMapped Whether its addresses of IPv4 are shown in the form of IPv6.
   */
  accept(connected: ConnectedWire, isMapped: boolean): void {
    this.#isMapped = isMapped
    this.#connected(connected)
  }

  /**
   * Writes for a plain socket, as libuv does: if the system takes all bytes, it is complete when this call returns.
   *
   * @param parts They are copied: after the write, the program may change them.
   */
  write(parts: readonly Buffer[], completed: (error?: Error | null) => void): void {
    if (this.#state.is !== 'connected' || this.#queue.isFinished)
      return completed(systemError(this.#takeError(), 'write'))
    const data = Buffer.concat(parts)
    this.#bytesWritten += data.length
    const later = (status: number): void => {
      // What was written to a socket that the program has closed meanwhile is no error.
      const failed = status !== 0 && this.#state.is !== 'closed'
      if (failed) this.#bytesWritten -= data.length
      completed(failed ? systemError(getSystemErrorName(status), 'write') : null)
    }
    if (this.#queue.write(this.#state.wire, data, later)) completed()
  }

  wireData(data: Buffer): void {
    if (this.#state.is === 'connected') this.stream.readBuffer(data)
  }

  wireEnded(): void {
    this.#hasEnded = true
    this.#ending = 'FIN'
    this.#deliverEnding()
  }

  wireWritable(): void {
    if (this.#state.is === 'connected') this.#queue.writable(this.#state.wire)
  }

  wireClosed(error: Error | undefined): void {
    if (this.#state.is !== 'connected') return
    this.#state = { ...this.#state, is: 'broken' }
    if (error === undefined) return
    const code = codeOf(error, 'ECONNRESET')
    // As on Linux, a reset behind the end of input is an error of writing.
    this.#broken = this.#hasEnded && code === 'ECONNRESET' ? 'EPIPE' : code
    this.#ending = systemError(this.#broken, 'read')
    if (this.#reading) this.#deliverEnding()
    else if (this.#queue.isWaiting) this.#queue.fail(this.#takeError())
  }

  #methods(): object {
    return {
      isClosing: () => this.#state.is === 'closed',
      onreadstart: () => this.#readStart(),
      onreadstop: () => this.#readStop(),
      onwrite: (request: object, parts: readonly Buffer[]) => this.#write(request, parts),
      onshutdown: (request: object) => this.#shutDown(request),
      connect: (request: ConnectRequest, address: string, port?: number) =>
        this.#connect(request, port === undefined ? unixAddress(address) : tcpAddress(address, port)),
      connect6: (request: ConnectRequest, address: string, port: number) =>
        this.#connect(request, tcpAddress(address.replace(/^::ffff:(?=[0-9.]+$)/i, ''), port)),
      bind: (address: string, port: number) => this.#bind(address, port),
      bind6: (address: string, port: number) => this.#bind(address, port),
      getsockname: (found: object) => this.#name(found, 'localAddress'),
      getpeername: (found: object) => this.#name(found, 'peerAddress'),
      setNoDelay: (enabled: boolean) => this.#set((wire) => wire.setNoDelay(enabled)),
      setKeepAlive: (enabled: boolean, seconds: number) =>
        this.#set((wire) => wire.setKeepAlive(enabled, seconds * 1000)),
      close: (closed?: () => void) => this.#close(closed, (wire) => wire.close()),
      reset: (closed?: () => void) => this.#close(closed, (wire) => wire.abort()),
      setBlocking: () => 0,
      ref: () => undefined,
      unref: () => undefined,
      hasRef: () => true,
    }
  }

  #connect(request: ConnectRequest, address: Address): number {
    if (this.#host.isDown) return 0
    const { reactor } = this.#host
    const completed = AsyncResource.bind((status: number) => {
      // A request that Node has given up, as after the timeout of one address of several, has no callback.
      request.oncomplete?.(status, this.stream, request, status === 0, status === 0)
    })
    const failed = (error: Error): void => {
      this.#stopConnecting()
      const code = error instanceof ConnectionRefusedError ? 'ECONNREFUSED' : 'ETIMEDOUT'
      completed(statusOf(codeOf(error, code)))
    }
    const connected = (wire: ConnectedWire): void => {
      this.#stopConnecting()
      this.#connected(wire)
      completed(0)
    }
    const attempt = reactor.dialWire(address, { connected, failed }, this.#bindAddress, this.#bindPort)
    const timedOut = (): void => failed(systemError('ETIMEDOUT', 'connect'))
    this.#state = { is: 'connecting', attempt, deadline: reactor.callLater(CONNECT_TIMEOUT_MS, timedOut) }
    return 0
  }

  #stopConnecting(): void {
    if (this.#state.is !== 'connecting') return
    const { attempt, deadline } = this.#state
    this.#state = { is: 'new' }
    attempt.cancel()
    if (deadline.active()) deadline.cancel()
  }

  #connected(connected: ConnectedWire): void {
    const { wire, localAddress, peerAddress } = connected
    this.#state = { is: 'connected', wire, localAddress, peerAddress }
    connected.attach(this)
    wire.pause()
  }

  #bind(address: string, port: number): number {
    if (this.#host.life?.mayConnectFrom(address) === false) return statusOf('EADDRNOTAVAIL')
    if (this.#host.life?.isListening(address, port) === true) return statusOf('EADDRINUSE')
    this.#bindAddress = address
    this.#bindPort = port
    return 0
  }

  #readStart(): number {
    this.#reading = true
    if (this.#ending !== undefined) process.nextTick(() => this.#deliverEnding())
    else if (this.#state.is === 'connected') this.#state.wire.resume()
    return 0
  }

  #readStop(): number {
    this.#reading = false
    if (this.#state.is === 'connected') this.#state.wire.pause()
    return 0
  }

  #deliverEnding(): void {
    const ending = this.#ending
    if (!this.#reading || ending === undefined || this.#state.is === 'closed') return
    this.#ending = undefined
    if (ending === 'FIN') {
      // As libuv does, it reads no more, and so detects no reset.
      this.#reading = false
      return this.stream.emitEOF()
    }
    this.#broken = 'EPIPE'
    this.#socket?.destroy(ending)
  }

  get #socket(): NodeSocket | undefined {
    return this.secureSocket ?? (Reflect.get(this.stream, this.#owner) as NodeSocket | undefined)
  }

  #freeParser(): void {
    const socket = this.#socket
    const parser = socket?.parser
    if (socket === undefined || !parser) return
    socket.parser = null
    if (parser._consumed === true) parser.unconsume()
    parser.remove()
    // Node may keep it, but not what it refers to.
    for (const name of Object.keys(parser)) Reflect.set(parser, name, null)
    parser.close()
  }

  /** For what Node writes below JavaScript, such as TLS. It expects no completion before this call has returned. */
  #write(request: object, parts: readonly Buffer[]): number {
    if (this.#state.is !== 'connected' || this.#queue.isFinished) return statusOf(this.#takeError())
    const completed = (status: number): void => this.stream.finishWrite(request, status)
    const data = Buffer.concat(parts)
    this.#bytesWritten += data.length
    if (this.#queue.write(this.#state.wire, data, completed)) this.#queue.completeSoon(completed)
    return 0
  }

  #shutDown(request: object): number {
    if (this.#state.is !== 'connected') return statusOf('ENOTCONN')
    this.#queue.shutDown(this.#state.wire, (status) => this.stream.finishShutdown(request, status))
    return 0
  }

  /** The error that the next system call on a socket without connection reports: its own once, then EPIPE. */
  #takeError(): string {
    const code = this.#broken ?? 'EPIPE'
    this.#broken = 'EPIPE'
    return code
  }

  #name(found: object, which: 'localAddress' | 'peerAddress'): number {
    if (this.#state.is === 'new' && which === 'localAddress' && this.#bindAddress !== undefined) {
      Object.assign(found, nameOf(this.#bindAddress, this.#bindPort))
      return 0
    }
    if (this.#state.is !== 'connected' && this.#state.is !== 'broken') return statusOf('ENOTCONN')
    const address = this.#state[which]
    if (address.type === 'UNIX') return 0
    const { host, port } = address
    Object.assign(found, nameOf(this.#isMapped && !host.includes(':') ? `::ffff:${host}` : host, port))
    return 0
  }

  #set(option: (wire: Wire) => void): number {
    if (this.#state.is === 'connected') option(this.#state.wire)
    return 0
  }

  #close(closed: (() => void) | undefined, end: (wire: Wire) => void): number {
    if (this.#state.is === 'closed') return 0
    this.#stopConnecting()
    if (this.#state.is === 'connected') end(this.#state.wire)
    this.#state = { is: 'closed' }
    OPEN.delete(this)
    setImmediate(() => {
      this.#queue.fail('ECANCELED')
      closed?.()
    })
    return 0
  }
}

/** An address as `socket.address()` returns it. */
export function nameOf(address: string, port: number): object {
  return { address, family: address.includes(':') ? 'IPv6' : 'IPv4', port }
}

type State =
  | { readonly is: 'new' }
  | { readonly is: 'connecting'; readonly attempt: ConnectAttempt; readonly deadline: DelayedCall }
  | {
      readonly is: 'connected' | 'broken'
      readonly wire: Wire
      readonly localAddress: Address
      readonly peerAddress: Address
    }
  | { readonly is: 'closed' }

/** A TCPConnectWrap or PipeConnectWrap of Node. */
interface ConnectRequest {
  oncomplete?: (status: number, handle: object, request: object, readable: boolean, writable: boolean) => void
}

interface HTTPParser {
  /** Whether it reads the handle itself. */
  readonly _consumed?: boolean
  unconsume(): void
  /** Ends the watch over its timeouts. */
  remove(): void
  close(): void
}

/** A socket of `net` or `tls`. */
interface NodeSocket {
  /** Of an HTTP connection. */
  parser?: HTTPParser | null
  destroy(error: Error): unknown
}

const HANDLES = new WeakMap<object, StreamHandle>()
const OPEN = new Set<StreamHandle>()
/** How long Linux tries to connect: six retries of the SYN. */
const CONNECT_TIMEOUT_MS = 127_000
