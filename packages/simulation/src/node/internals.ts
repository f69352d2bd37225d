import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

/**
 * Node's class of a stream that is carried by JavaScript: `net.Socket`, `tls` and `http` use it as the handle of
 * a socket, in place of one of libuv.
 */
export interface JSStream {
  /** Delivers received bytes. They are copied. */
  readBuffer(data: Uint8Array): void
  /** Delivers the end of input. */
  emitEOF(): void
  finishWrite(request: object, status: number): void
  finishShutdown(request: object, status: number): void
}

/** What `net` has only inside. */
export interface NetInternals {
  newStream(): JSStream
  /** The property of a handle that has its socket. */
  readonly owner: symbol
  /** The method of a socket that gives it another handle. */
  readonly reinitialize: symbol
}

/**
 * Finds the internals in an object that Node builds from them: `tls` over a Duplex uses a JSStream.
 *
 * @throws {Error} when this version of Node has not got them.
 */
export function findNetInternals(): NetInternals {
  const probe = new TLSSocket(new Duplex({ read: () => undefined, write: () => undefined }))
  const stream = (probe as unknown as { _handle: { _parent: object } })._handle._parent
  probe.destroy()
  const create = stream.constructor as new () => JSStream
  return {
    newStream: () => new create(),
    owner: symbolOf(stream, 'owner_symbol'),
    reinitialize: symbolOf(Socket.prototype, 'kReinitializeHandle'),
  }
}

function symbolOf(of: object, description: string): symbol {
  const found = Object.getOwnPropertySymbols(of).find((symbol) => symbol.description === description)
  if (found !== undefined) return found
  throw new Error(`Cannot simulate node:net on Node ${process.version}: it has no ${description}`)
}
