import { IncomingMessage } from 'node:http'
import type { Request } from '../server/request.ts'
import type { MountTarget } from './mount-target.ts'
import type { NodeSocket } from './node-socket.ts'

/**
 * The request that a listener of `node:http` gets: Node's own IncomingMessage, whose bytes come from the body of
 * a Request as the listener reads them.
 *
 * What Node's class does with its socket is replaced by properties of the object, not of a subclass: Express
 * replaces the prototype of every request.
 */
export class NodeRequest {
  readonly message: IncomingMessage
  readonly #request: Request
  readonly #socket: NodeSocket
  /** Called with what a listener of an event of the message throws. */
  readonly #failed: (error: unknown) => void
  #pieces: AsyncGenerator<Buffer, void, undefined> | undefined
  #course: 'open' | 'left' | 'over' = 'open'

  constructor(request: Request, socket: NodeSocket, target: MountTarget, failed: (error: unknown) => void) {
    this.#request = request
    this.#socket = socket
    this.#failed = failed
    this.message = new IncomingMessage(socket as unknown as IncomingMessage['socket'])
    this.#describe(target)
    // Node's own method makes the stream read on by itself; it reads from the socket, which has no bytes.
    const readOn = this.message._read.bind(this.message)
    this.message._read = (size) => {
      readOn(size)
      void this.#pull()
    }
    this.message._destroy = (error, callback) => this.#destroy(error, callback)
    if (request.hasBody) return
    this.message.complete = true
    this.message.push(null)
  }

  /** The client has left: the message is aborted unless it was read to its end. */
  clientLeft(reason: unknown): void {
    if (this.#course !== 'open') return
    this.#course = 'left'
    this.message.destroy(aborted(reason))
  }

  /** The request has ended: a body that was not read is not read any more. */
  requestEnded(): void {
    if (this.#course !== 'open') return
    this.#course = 'over'
    if (!this.message.complete) this.message.destroy()
    else if (this.message.readableFlowing === null) this.message.resume()
  }

  #describe({ mountPath, url, originalUrl }: MountTarget): void {
    const { message } = this
    const { method, clientproto, requestHeaders } = this.#request
    message.method = method
    message.url = url
    message.httpVersion = clientproto.slice('HTTP/'.length)
    message.httpVersionMajor = 1
    message.httpVersionMinor = Number(message.httpVersion.slice(2))
    addFields(message, requestHeaders)
    // The names by which Express knows that a program is mounted below a path.
    Object.assign(message, { baseUrl: mountPath, originalUrl })
  }

  async #pull(): Promise<void> {
    let piece: IteratorResult<Buffer, void>
    let trailers: Fields | undefined
    try {
      this.#pieces ??= this.#request.body[Symbol.asyncIterator]()
      piece = await this.#pieces.next()
      if (piece.done === true) trailers = await this.#request.trailers
    } catch (error) {
      this.message.destroy(aborted(error))
      return
    }
    if (piece.done === true) {
      this.message.complete = true
      addFields(this.message, trailers ?? [])
    }
    this.#socket.progressed()
    try {
      this.message.push(piece.done === true ? null : piece.value)
    } catch (error) {
      this.#failed(error)
    }
  }

  /** Like Node's, but the connection stays: a program that stops reading may still respond. */
  #destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const { message } = this
    try {
      if (this.#course !== 'over' && !(message.readableEnded && message.complete)) {
        message.aborted = true
        message.emit('aborted')
      }
    } catch (fault) {
      this.#failed(fault)
    }
    void this.#stopReading()
    // Node emits no error that a program does not listen for: it would end the process.
    callback(message.listenerCount('error') > 0 ? error : null)
  }

  async #stopReading(): Promise<void> {
    try {
      await this.#pieces?.return()
    } catch {
      // The body has failed, and the message has its error.
    }
  }
}

type Fields = Iterable<readonly [string, string]>

/** Adds fields as Node's parser does: they are trailers once the message is complete. */
function addFields(message: IncomingMessage, fields: Fields): void {
  const raw = [...fields].flat()
  const node = message as IncomingMessage & { _addHeaderLines(raw: readonly string[], length: number): void }
  node._addHeaderLines(raw, raw.length)
}

/** The error by which programs know that a client has left. */
function aborted(cause: unknown): Error {
  return Object.assign(new Error('aborted', { cause }), { code: 'ECONNRESET' })
}
