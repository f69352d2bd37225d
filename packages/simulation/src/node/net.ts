import { Server, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
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
      function (this: OpenServer, address: string | null, port: number, type: number, backlog, fd, ...rest) {
        const host = nodeHost()
        if (host === undefined || this._handle || typeof fd === 'number')
          return Reflect.apply(real, this, [address, port, type, backlog, fd, ...rest])
        const [where, family] = address === null || address === '' ? [ANY_ADDRESS, 4] : [address, type]
        this._handle = new ServerHandle(host, internals, where, port)
        return Reflect.apply(real, this, [where, port, family, backlog, fd, ...rest])
      },
  )
}

function standInForTLS(internals: NetInternals): void {
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
  _reset(): void
}

interface OpenServer extends Server {
  _handle?: object | null
}

/** What Node listens on by default, on a machine without IPv6. */
const ANY_ADDRESS = '0.0.0.0'
