import { Duplex } from 'node:stream'
import { Deadline } from '@ropewalk/core/time'
import type { Request } from '../server/request.ts'

/** Is notified of what a program does with the socket of its request. */
export interface SocketOwner {
  /** The program has destroyed it: the connection must end. */
  socketDestroyed(error: Error | undefined): void
  /** The program's `setTimeout` has expired. Returns whether a listener exists. */
  socketTimedOut(): boolean
}

/**
 * The socket that a mounted program sees: the addresses, whether it is encrypted, and its end. It carries no
 * bytes; these pass through the request and the response.
 *
 * Each request has its own, also those of one connection.
 */
export class NodeSocket extends Duplex {
  readonly encrypted: boolean
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly remoteFamily: string | undefined
  readonly localAddress: string | undefined
  readonly localPort: number | undefined
  readonly connecting = false
  readonly #request: Request
  readonly #owner: SocketOwner
  #timeoutMs = 0
  #deadline: Deadline | undefined

  constructor(request: Request, owner: SocketOwner) {
    super()
    this.#request = request
    this.#owner = owner
    this.encrypted = request.isSecure()
    const peer = endOf(request.getClientAddress())
    this.remoteAddress = peer.address
    this.remotePort = peer.port
    this.remoteFamily = peer.family
    const local = endOf(request.getHost())
    this.localAddress = local.address
    this.localPort = local.port
  }

  override _read(): void {}

  override _write(_piece: unknown, _encoding: BufferEncoding, callback: (error: Error) => void): void {
    callback(new Error('Cannot write to the socket of a mounted request: write to its response'))
  }

  /** Emits no `error`: a program rarely listens for it, and Node would end the process. */
  override _destroy(error: Error | null, callback: (error: null) => void): void {
    this.#deadline?.clear()
    this.#owner.socketDestroyed(error ?? undefined)
    callback(null)
  }

  /** Emits `timeout` after so long without progress of a body, and destroys the socket if no listener exists. */
  setTimeout(timeoutMs: number, listener?: () => void): this {
    this.#timeoutMs = timeoutMs
    if (timeoutMs === 0) this.#deadline?.clear()
    else this.progressed()
    if (listener !== undefined) {
      if (timeoutMs === 0) this.removeListener('timeout', listener)
      else this.once('timeout', listener)
    }
    return this
  }

  /** A piece of a body was read or written: the timeout counts from now. */
  progressed(): void {
    if (this.#timeoutMs === 0 || this.destroyed || this.#request.outcome !== undefined) return
    this.#deadline ??= new Deadline(this.#request.reactor, () => this.#expired())
    this.#deadline.set(this.#timeoutMs)
  }

  /** The request has ended: the timeout no longer counts. */
  requestEnded(): void {
    this.#timeoutMs = 0
    this.#deadline?.clear()
  }

  /** The local address, as of a socket of Node. */
  address(): { address?: string; family?: string; port?: number } {
    const { address, family, port } = endOf(this.#request.getHost())
    return address === undefined || family === undefined || port === undefined
      ? {}
      : { address, family, port }
  }

  /** Has no effect: the options of the connection are those of its port. */
  setKeepAlive(): this {
    return this
  }

  /** Has no effect, as `setKeepAlive` has none. */
  setNoDelay(): this {
    return this
  }

  /** Has no effect: the reactor decides how long the process runs. */
  ref(): this {
    return this
  }

  /** Has no effect, as `ref` has none. */
  unref(): this {
    return this
  }

  #expired(): void {
    const heard = this.emit('timeout')
    if (!this.#owner.socketTimedOut() && !heard) this.destroy()
  }
}

function endOf(address: ReturnType<Request['getHost']>): {
  readonly address: string | undefined
  readonly port: number | undefined
  readonly family: string | undefined
} {
  if (address.type === 'UNIX') return { address: undefined, port: undefined, family: undefined }
  return { address: address.host, port: address.port, family: `IPv${address.family}` }
}
