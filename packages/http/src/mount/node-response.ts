import {
  type IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  ServerResponse,
} from 'node:http'
import { listElements } from '../message/field-grammar.ts'
import type { Outcome } from '../response/request-ending.ts'
import type { Request } from '../server/request.ts'
import { passHeader } from '../site/passed-headers.ts'
import type { NodeSocket } from './node-socket.ts'

/**
 * The response that a listener of `node:http` gets: Node's own ServerResponse, which keeps and checks its headers,
 * and whose head and body go to a Request.
 *
 * What Node's class does with its socket is replaced by properties of the object, not of a subclass: Express
 * replaces the prototype of every response.
 *
 *     open ──end──▶ ended ──complete──▶ closed          `left`: the client has sent its FIN, and `close` was
 *       └───────aborted──────▶─────────────┘             emitted, but what is written may still be sent
 */
export class NodeResponse {
  readonly message: ServerResponse & NodeMembers
  readonly #request: Request
  readonly #socket: NodeSocket
  readonly #incoming: IncomingMessage
  /** Called with what a listener of an event of the message throws. */
  readonly #failed: (error: unknown) => void
  readonly #writeNodeHead: NodeWriteHead
  readonly #trailers = new Map<string, string>()
  #complete = false
  /** Whether a piece was written before the last one: in response to HEAD, none of them is sent. */
  #inPieces = false
  #needsDrain = false

  constructor(
    request: Request,
    socket: NodeSocket,
    incoming: IncomingMessage,
    failed: (error: unknown) => void,
  ) {
    this.#request = request
    this.#socket = socket
    this.#incoming = incoming
    this.#failed = failed
    this.message = new ServerResponse(incoming) as ServerResponse & NodeMembers
    this.#writeNodeHead = this.message.writeHead.bind(this.message) as NodeWriteHead
    Object.defineProperties(this.message, this.#members())
  }

  /** Emits `close`: most programs stop their work then. */
  clientLeft(): void {
    this.#close()
  }

  /** Emits `finish` if the response is complete, then `close`. */
  requestEnded(outcome: Outcome): void {
    const { message } = this
    if (outcome === 'complete' && message.finished) {
      this.#complete = true
      message.emit('prefinish')
      message.emit('finish')
    } else message.destroyed = true
    this.#close()
  }

  /** The properties of the message that differ from Node's. */
  #members(): PropertyDescriptorMap {
    return {
      socket: { value: this.#socket, writable: true, enumerable: true, configurable: true },
      writeHead: method((...args: HeadArguments) => this.#writeHead(...args)),
      flushHeaders: method(() => this.#flushHeaders()),
      write: method((...args: WriteArguments) => this.#write(...args)),
      end: method((...args: WriteArguments) => this.#end(...args)),
      addTrailers: method((trailers: OutgoingHttpHeaders) => this.#addTrailers(trailers)),
      writeContinue: method((callback?: Callback) => this.#writeContinue(callback)),
      writeProcessing: method((callback?: Callback) => callLater(callback)),
      writeEarlyHints: method((hints: Hints, callback?: Callback) => this.#writeEarlyHints(hints, callback)),
      destroy: method((error?: Error) => this.#destroy(error)),
      writableFinished: getter(() => this.#complete),
      writableNeedDrain: getter(() => this.#needsDrain && !this.message.destroyed),
      writableLength: getter(() => 0),
    }
  }

  /** Node checks the head, and marks it as sent. Its own bytes of it are not used. */
  #writeHead(code: number, reason?: string | HeadFields, fields?: HeadFields): ServerResponse {
    const { message } = this
    const phrase = typeof reason === 'string' ? reason : message.statusMessage
    const given = typeof reason === 'string' ? fields : (fields ?? reason)
    if (!message.headersSent && given !== undefined && given !== null) setFields(message, given)
    this.#writeNodeHead(code, phrase)
    this.#request.setResponseCode(message.statusCode, phrase || undefined)
    this.#passHeaders()
    if (!message.shouldKeepAlive && message.req.httpVersionMinor > 0) this.#request.endConnection()
    return message
  }

  #passHeaders(): void {
    const { responseHeaders } = this.#request
    for (const name of this.message.getRawHeaderNames()) {
      const value = this.message.getHeader(name) ?? ''
      const values = Array.isArray(value) ? value.map(String) : [String(value)]
      if (name.toLowerCase() === 'trailer') this.#nameTrailers(values)
      else passHeader(responseHeaders, name, values)
    }
  }

  #nameTrailers(values: readonly string[]): void {
    for (const name of listElements(values))
      this.#request.setTrailer(name, () => this.#trailers.get(name.toLowerCase()) ?? '')
  }

  #flushHeaders(): void {
    if (this.#request.outcome !== undefined) return
    this.#implicitHead()
    this.#request.write('')
  }

  /** Middleware such as on-headers replaces `writeHead`, and expects this call. */
  #implicitHead(): void {
    if (!this.message.headersSent) this.message.writeHead(this.message.statusCode)
  }

  #write(...args: WriteArguments): boolean {
    const { piece, callback } = readArguments(args)
    if (piece === undefined) throw wrongChunk(args[0])
    if (this.message.finished) return this.#tooLate(callback)
    if (this.#request.outcome !== undefined) return callLater(callback, destroyed('write')) ?? false
    this.#implicitHead()
    const ready = this.#send(piece)
    callLater(callback)
    if (!ready && !this.#needsDrain) void this.#awaitDrain()
    return ready
  }

  #send(piece: Uint8Array | string): boolean {
    const request = this.#request
    this.#inPieces ||= piece.length > 0
    if (!request.takesBody) return true
    this.#socket.progressed()
    // An empty piece sends the head without a default Content-Type: Node has none.
    if (!request.started) request.write('')
    return request.write(piece)
  }

  async #awaitDrain(): Promise<void> {
    this.#needsDrain = true
    const more = await this.#request.drained()
    this.#needsDrain = false
    try {
      if (more && !this.message.finished) this.message.emit('drain')
    } catch (error) {
      this.#failed(error)
    }
  }

  #end(...args: WriteArguments): ServerResponse {
    const { message } = this
    const { piece = '', callback } = readArguments(args)
    if (message.finished) {
      if (piece.length > 0) this.#tooLate(callback)
      else callLater(callback, coded('ERR_STREAM_ALREADY_FINISHED', 'Cannot call end: it was called before'))
      return message
    }
    if (this.#request.outcome === undefined) {
      this.#implicitHead()
      if (callback !== undefined) message.once('finish', callback)
      message.finished = true
      this.#finish(piece)
    } else {
      message.finished = true
      callLater(callback, destroyed('end'))
    }
    return message
  }

  #finish(piece: Uint8Array | string): void {
    const request = this.#request
    const { responseHeaders } = request
    const isHead = this.#incoming.method === 'HEAD'
    const bytes = Buffer.byteLength(piece)
    const isFirst = !request.started && !this.#inPieces
    const whole = bytes > 0 && isFirst && (request.takesBody || (isHead && request.code !== 204))
    if (whole && !responseHeaders.hasHeader('content-length'))
      request.setHeader('Content-Length', String(bytes))
    if (!request.takesBody) return isHead ? request.finishWithoutPieces() : request.finish()
    // As in `#send`. A length that is wrong becomes a 500, as long as nothing was sent.
    if (whole && responseHeaders.get('content-length') === String(bytes)) request.write('')
    request.finish(piece)
  }

  #addTrailers(trailers: OutgoingHttpHeaders | readonly (readonly [string, string])[]): void {
    const fields = Array.isArray(trailers) ? trailers : Object.entries(trailers)
    for (const [name, value] of fields as [string, unknown][])
      this.#trailers.set(name.toLowerCase(), String(value))
  }

  /** The first read of the body sends `100 Continue` to a client that waits for it. */
  #writeContinue(callback: Callback | undefined): void {
    this.#incoming.read(0)
    callLater(callback)
  }

  #writeEarlyHints({ link }: Hints, callback: Callback | undefined): void {
    const links = link === undefined ? [] : [link].flat()
    if (!this.message.headersSent) this.#request.writeEarlyHints(links)
    callLater(callback)
  }

  #destroy(error: Error | undefined): ServerResponse {
    if (!this.message.destroyed) {
      this.message.destroyed = true
      if (this.#request.outcome === undefined) this.#socket.destroy(error)
    }
    return this.message
  }

  /** Node emits an error, which ends the process if no listener exists. Here it is logged as well. */
  #tooLate(callback: Callback | undefined): false {
    const { message } = this
    const error = coded('ERR_STREAM_WRITE_AFTER_END', 'Cannot write: the response was ended')
    this.#request.write(' ')
    callLater(callback, error)
    if (message.listenerCount('error') > 0) queueMicrotask(() => message.emit('error', error))
    return false
  }

  #close(): void {
    if (this.message._closed) return
    this.message._closed = true
    this.message.emit('close')
  }
}

/** Members of Node's class that its types do not have. `_closed` is how `stream.finished` knows about the end. */
interface NodeMembers {
  _closed: boolean
  finished: boolean
  destroyed: boolean
  getRawHeaderNames(): string[]
}

type NodeWriteHead = (code: number, phrase: string | undefined) => unknown
type Callback = (error?: Error | null) => void
type WriteArguments = [
  chunk?: unknown,
  encoding?: BufferEncoding | Callback | null,
  callback?: Callback | null,
]
type HeadFields =
  | OutgoingHttpHeaders
  | readonly (OutgoingHttpHeader | readonly [string, OutgoingHttpHeader])[]
type HeadArguments = [code: number, reason?: string | HeadFields, fields?: HeadFields]
type Hints = Readonly<Record<string, string | string[] | undefined>>

function method(value: (...args: never[]) => unknown): PropertyDescriptor {
  return { value, writable: true, configurable: true }
}

function getter(get: () => unknown): PropertyDescriptor {
  return { get, configurable: true }
}

/** Sets the fields given to `writeHead`: an object, names and values in turn, or pairs. */
function setFields(message: ServerResponse, given: HeadFields): void {
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given as OutgoingHttpHeaders))
      if (value !== undefined) message.setHeader(name, value)
    return
  }
  const list = given as readonly unknown[]
  const flat = Array.isArray(list[0]) ? list.flat(1) : list
  if (flat.length % 2 !== 0)
    throw coded('ERR_INVALID_ARG_VALUE', 'Cannot write the head: give as many values as names')
  for (let at = 0; at < flat.length; at += 2) message.removeHeader(String(flat[at]))
  for (let at = 0; at < flat.length; at += 2)
    message.appendHeader(String(flat[at]), flat[at + 1] as string | readonly string[])
}

function readArguments([chunk, encoding, callback]: WriteArguments): {
  readonly piece: Uint8Array | string | undefined
  readonly callback: Callback | undefined
} {
  if (typeof chunk === 'function') return { piece: undefined, callback: chunk as Callback }
  // Fastify passes null for each argument that it has no value for.
  const called = typeof encoding === 'function' ? encoding : (callback ?? undefined)
  if (chunk === undefined || chunk === null) return { piece: undefined, callback: called }
  if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) throw wrongChunk(chunk)
  const coding = typeof encoding === 'string' ? encoding : 'utf8'
  const isText = typeof chunk === 'string' && !/^utf-?8$/i.test(coding)
  return { piece: isText ? Buffer.from(chunk, coding) : chunk, callback: called }
}

function wrongChunk(chunk: unknown): Error {
  const type = chunk === null ? 'null' : typeof chunk
  const code = chunk === null ? 'ERR_STREAM_NULL_VALUES' : 'ERR_INVALID_ARG_TYPE'
  return Object.assign(new TypeError(`Cannot write ${type}: give a string, a Buffer or a Uint8Array`), {
    code,
  })
}

function destroyed(name: string): Error {
  return coded('ERR_STREAM_DESTROYED', `Cannot call ${name}: the client has gone`)
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** Callbacks are never called before the method returns. */
function callLater(callback: Callback | undefined, error?: Error): undefined {
  if (typeof callback === 'function') queueMicrotask(() => callback(error))
}
