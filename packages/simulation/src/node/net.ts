import { constants } from 'node:crypto'
import { Server, Socket } from 'node:net'
import tls, { TLSSocket } from 'node:tls'
import type { NetInternals } from './internals.ts'
import { nodeHost, replaceMethod } from './node-hosts.ts'
import { ServerHandle } from './server-handle.ts'
import { StreamHandle } from './stream-handle.ts'

/**
 * Gives sockets and servers that code of a host creates handles of the simulated network. They get them where
 * Node would create a handle of libuv: to connect, to listen, and below TLS.
 */
export function standInForNet(internals: NetInternals): void {
  standInForConnect(internals)
  standInForWrite()
  standInForReset()
  standInForListen(internals)
  standInForTLS(internals)
}

function standInForConnect(internals: NetInternals): void {
  const { reinitialize } = internals
  replaceMethod(
    Socket.prototype,
    'connect',
    (real) =>
      function (this: OpenSocket, ...args) {
        const host = nodeHost()
        const isNew = !this._handle || (this.destroyed && StreamHandle.of(this._handle) === undefined)
        if (host !== undefined && isNew) {
          const set = Reflect.get(this, reinitialize) as (this: OpenSocket, handle: object) => void
          set.call(this, new StreamHandle(host, internals).stream)
        }
        return Reflect.apply(real, this, args)
      },
  )
  // Node also calls it with a new handle for each further address of a name.
  replaceMethod(
    Socket.prototype,
    reinitialize,
    (real) =>
      function (this: OpenSocket, handle: object) {
        return Reflect.apply(real, this, [simulated(handle, internals)])
      },
  )
}

/** Node's own code cannot complete a write at once below a JSStream. */
function standInForWrite(): void {
  replaceMethod(
    Socket.prototype,
    '_writeGeneric',
    (real) =>
      function (
        this: OpenSocket,
        writev: boolean,
        data: Chunk | Chunks,
        encoding: BufferEncoding,
        callback: Callback,
      ) {
        const handle = this._handle ? StreamHandle.of(this._handle) : undefined
        if (handle === undefined || this.connecting)
          return Reflect.apply(real, this, [writev, data, encoding, callback])
        // Set while it was connecting.
        this._pendingData = null
        this._pendingEncoding = ''
        this._unrefTimer()
        const chunks = writev ? (data as Chunks) : [{ chunk: data as Chunk, encoding }]
        const completed = (error?: Error | null): void => {
          this._unrefTimer()
          callback(error)
        }
        handle.write(
          chunks.map((part) => bytesOf(part.chunk, part.encoding)),
          completed,
        )
        return undefined
      },
  )
}

type Chunk = string | Uint8Array
type Chunks = readonly { readonly chunk: Chunk; readonly encoding: BufferEncoding }[]
type Callback = (error?: Error | null) => void

function bytesOf(chunk: Chunk, encoding: BufferEncoding): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding)
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}

/** The real method throws for every handle that is not libuv's. */
function standInForReset(): void {
  replaceMethod(
    Socket.prototype,
    'resetAndDestroy',
    (real) =>
      function (this: OpenSocket, ...args) {
        if (!this._handle || StreamHandle.of(this._handle) === undefined)
          return Reflect.apply(real, this, args)
        if (this.connecting) this.once('connect', () => this._reset())
        else this._reset()
        return this
      },
  )
}

function standInForListen(internals: NetInternals): void {
  replaceMethod(
    Server.prototype,
    '_listen2',
    (real) =>
      function (
        this: OpenServer,
        given: string | null,
        port: number,
        type: number,
        backlog,
        fd,
        flags: unknown,
      ) {
        const host = nodeHost()
        if (host === undefined || this._handle || typeof fd === 'number')
          return Reflect.apply(real, this, [given, port, type, backlog, fd, flags])
        const isAny = given === null || given === ''
        const [address, family] = isAny ? [ANY_ADDRESS, 6] : [given, type]
        const ipv6Only = (Number(flags) & IPV6_ONLY) !== 0
        this._handle = new ServerHandle(host, internals, { address, port, ipv6Only })
        return Reflect.apply(real, this, [address, port, family, backlog, fd, flags])
      },
  )
}

function standInForTLS(internals: NetInternals): void {
  // The length of a session ticket depends on random numbers of OpenSSL.
  replaceMethod(tls, 'createSecureContext', (real) => (options: tls.SecureContextOptions = {}) => {
    if (nodeHost() === undefined) return real(options)
    return real({ ...options, secureOptions: (options.secureOptions ?? 0) | constants.SSL_OP_NO_TICKET })
  })
  replaceMethod(
    TLSSocket.prototype,
    '_wrapHandle',
    (real) =>
      function (this: OpenSocket, wrap: object, given: object | undefined, ...rest) {
        const handle = simulated(given, internals)
        if (handle !== undefined && handle !== given) Reflect.set(handle, internals.owner, this)
        const own = handle === undefined ? undefined : StreamHandle.of(handle)
        if (own !== undefined) own.secureSocket = this
        return Reflect.apply(real, this, [wrap, handle, ...rest])
      },
  )
}

/** The handle to use instead of `handle`, which is one of libuv, or undefined if Node would create one. */
function simulated(handle: object | undefined, internals: NetInternals): object | undefined {
  const host = nodeHost()
  if (host === undefined || (handle && handle.constructor.name !== 'TCP')) return handle
  const native = handle as { close(): void } | undefined
  native?.close()
  return new StreamHandle(host, internals).stream
}

interface OpenSocket extends Socket {
  readonly _handle?: object | null
  _pendingData: unknown
  _pendingEncoding: string
  _reset(): void
  /** Starts its timeout again. */
  _unrefTimer(): void
}

interface OpenServer extends Server {
  _handle?: object | null
}

/** What Node listens on by default. */
const ANY_ADDRESS = '::'
/** The flag of libuv. */
const IPV6_ONLY = 1
