import {
  type ConnectionClosed,
  LocalProtocolError,
  logConnection,
  type LogEvent,
  Protocol,
  type ProtocolEvents,
} from '@ropewalk/core'
import { assertNever, ByteQueue } from '@ropewalk/core/bytes'
import { HTTPError, RemoteProtocolError } from '../errors.ts'
import { Headers } from '../message/headers.ts'
import type { RequestHead } from '../wire/request-head.ts'
import { type RequestEvent, RequestReader } from '../wire/request-reader.ts'
import { responseHead } from '../wire/response-writer.ts'
import { DEFAULT_CHANNEL_OPTIONS, type HTTPChannelOptions } from './channel-options.ts'
import { type Awaited, Awaiting } from './awaiting.ts'
import { errorBody } from './error-body.ts'
import { Request, type RequestChannel } from './request.ts'

/** Whom a channel belongs to: an HTTPFactory. */
export interface HTTPChannelOwner {
  /** The limits and deadlines of its channels. */
  readonly options: HTTPChannelOptions
  /** Answers a request, whose head has arrived. */
  process(request: Request): void | Promise<void>
  /** The Date field's line for a moment, CRLF included. */
  dateLine(wallClockMs: number): string
}

/**
 * HTTP/1.1 on one connection: reads requests, and gives each to its factory's `process`.
 *
 * One request at a time: what is pipelined behind it stays unread until its response is complete,
 * so answers cannot overtake each other, and a client that does not read its answers is not read.
 *
 *     head ──▶ request ──response complete, body read──▶ head
 *                 └──body unread──▶ discarding ─────────▲        any ──▶ over
 */
export class HTTPChannel extends Protocol<HTTPChannelOwner> implements RequestChannel {
  readonly #input = new ByteQueue()
  readonly #awaiting = new Awaiting(
    () => this.transport.reactor,
    (awaited) => this.#expired(awaited),
  )
  #options = DEFAULT_CHANNEL_OPTIONS
  #reader = new RequestReader(DEFAULT_CHANNEL_OPTIONS)
  #phase: Phase = HEAD
  #inputEnded = false
  #draining = false
  #drained: (() => void) | undefined
  #reading = false
  #paused = false

  override connectionMade(): void {
    this.#options = this.factory.options
    this.#reader = new RequestReader(this.#options)
    this.#awaiting.set('first byte', this.#options.idleTimeoutMs)
  }

  override dataReceived(data: Buffer): void {
    this.#input.push(data)
    this.#read()
  }

  /** The client will send no more: what it asked for is still answered. */
  readConnectionLost(): void {
    this.#inputEnded = true
    this.#read()
  }

  override connectionLost(reason: ConnectionClosed): void {
    const phase = this.#phase
    this.#end()
    if (phase.is === 'request') phase.request.connectionLost(reason)
  }

  protocolReplaced(): void {
    this.#end()
  }

  /** Answers what is being asked, then closes. Settles when the channel has closed. */
  drain(): Promise<void> | undefined {
    this.#draining = true
    if (this.#phase.is !== 'request') return undefined
    this.#phase.request.endConnection()
    return new Promise((resolve) => {
      this.#drained = resolve
    })
  }

  dateLine(): string {
    return this.factory.dateLine(this.transport.reactor.wallClock())
  }

  bodyWanted(request: Request): void {
    const phase = this.#phase
    if (phase.is !== 'request' || phase.request !== request) return
    if (phase.owesContinue && this.#input.length === 0 && !request.started) this.transport.write(CONTINUE)
    phase.owesContinue = false
    this.#read()
  }

  willDiscard(head: RequestHead): boolean {
    const { framing, expectsContinue } = head
    if (expectsContinue) return false
    return framing.kind !== 'length' || framing.bytes <= this.#options.maxDiscardedBytes
  }

  requestDone(request: Request): void {
    const phase = this.#phase
    if (phase.is !== 'request' || phase.request !== request) return
    const whole = !request.hasBody || request.body.complete
    if (!whole) request.body.failed(new LocalProtocolError('Cannot read on: the response is complete'))
    if (!request.persistent || this.#draining || this.transport.disconnecting) return this.#close()
    if (whole) this.#awaitNext()
    else this.#phase = { is: 'discarding', leftBytes: this.#options.maxDiscardedBytes }
    this.#read()
  }

  switchProtocol(_request: Request, next: ProtocolEvents): void {
    this.#end()
    this.transport.switchProtocol(next, this.#input.takeAll())
  }

  /** Reads on for as long as somebody wants what comes. */
  #read(): void {
    // A request that is answered at once, or asks for its body at once, comes back here from the loop.
    if (this.#reading || this.transport.disconnecting) return
    this.#reading = true
    try {
      while (this.#wantsInput() && !this.transport.disconnecting) {
        const event = this.#reader.next(this.#input)
        if (event === undefined) break
        this.#eventRead(event)
      }
      if (this.#inputEnded && this.#wantsInput()) this.#inputRanOut()
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error
      this.#refuse(error)
    } finally {
      this.#reading = false
    }
    this.#awaitInput()
  }

  #wantsInput(): boolean {
    const phase = this.#phase
    if (phase.is === 'head') return !this.#outputBacksUp()
    return (
      phase.is === 'discarding' ||
      (phase.is === 'request' && phase.request.hasBody && phase.request.body.wanted)
    )
  }

  #eventRead(event: RequestEvent): void {
    switch (event.type) {
      case 'head':
        return this.#headRead(event.head)
      case 'data':
        return this.#dataRead(event.data)
      case 'end':
        return this.#bodyRead()
      default:
        return assertNever(event)
    }
  }

  #headRead(head: RequestHead): void {
    this.#awaiting.clear()
    const request = new Request(this, head)
    this.#phase = { is: 'request', request, owesContinue: head.expectsContinue }
    if (this.#draining) request.endConnection()
    if (!request.hasBody) this.#reader.next(this.#input)
    try {
      const processing = this.factory.process(request)
      if (processing !== undefined)
        void processing.catch((error: unknown) => this.#processingFailed(request, error))
    } catch (error) {
      this.#processingFailed(request, error)
    }
  }

  #dataRead(data: Buffer): void {
    const phase = this.#phase
    if (phase.is === 'request') return phase.request.body.pieceReceived(data)
    if (phase.is !== 'discarding') return
    const leftBytes = phase.leftBytes - data.length
    if (leftBytes < 0) this.#close()
    else this.#phase = { is: 'discarding', leftBytes }
  }

  #bodyRead(): void {
    if (this.#phase.is === 'request') this.#phase.request.body.completed()
    else if (this.#phase.is === 'discarding') this.#awaitNext()
  }

  #processingFailed(request: Request, error: unknown): void {
    if (
      !(error instanceof HTTPError) &&
      !(error instanceof RemoteProtocolError) &&
      !this.transport.disconnecting
    ) {
      const fields = { method: request.method, path: request.path.slice(0, 80) }
      this.#report({ text: 'A request failed: {method} {path}', fields, error })
    }
    try {
      request.processingFailed(error)
    } catch (fault) {
      this.#report({ text: 'An error page could not be sent; the connection is aborted', error: fault })
      this.transport.abortConnection(fault)
    }
  }

  #report(event: Pick<LogEvent, 'text' | 'fields' | 'error'>): void {
    const connection = logConnection(this.transport, this)
    this.transport.reactor.log({ level: 'error', namespace: 'ropewalk.http', connection, ...event })
  }

  #awaitNext(): void {
    this.#phase = HEAD
    this.#awaiting.set('next request', this.#options.keepAliveTimeoutMs)
  }

  /** Everything was parsed, and no more will come. */
  #inputRanOut(): void {
    this.#reader.endOfInput()
    this.#close()
  }

  /** The client broke the rules: answers so if an answer can still be given, and reads no more. */
  #refuse(error: RemoteProtocolError): void {
    const phase = this.#phase
    if (phase.is === 'head') this.#answerError(error.statusCode)
    else if (phase.is === 'request') {
      phase.request.body.failed(error)
      phase.request.processingFailed(error)
    }
    this.#close()
  }

  #expired(awaited: Awaited): void {
    const phase = this.#phase
    const timedOut = new HTTPError(408)
    if (awaited === 'head') this.#answerError(timedOut.statusCode)
    else if (phase.is === 'request') {
      phase.request.body.failed(timedOut)
      phase.request.endConnection()
      phase.request.processingFailed(timedOut)
    }
    this.#close()
  }

  /** Answers a request that never became one. */
  #answerError(code: number): void {
    const page = errorBody(code)
    const headers = new Headers()
    headers.setRawHeaders('Content-Type', ['text/html; charset=utf-8'])
    const framing = `${this.dateLine()}Content-Length: ${Buffer.byteLength(page)}\r\nConnection: close\r\n`
    this.transport.writeSequence([responseHead(code, undefined, headers, framing), page])
  }

  /** Sets the deadline for what is awaited now, and keeps what nobody wants from coming. */
  #awaitInput(): void {
    if (this.#phase.is === 'over' || this.transport.disconnecting) return
    const wanted = this.#wantsInput()
    if (wanted === this.#paused) {
      this.#paused = !wanted
      if (wanted) this.transport.resumeProducing()
      else this.transport.pauseProducing()
    }
    if (this.#phase.is !== 'head') {
      if (wanted) this.#awaiting.set('body', this.#options.bodyTimeoutMs)
      else this.#awaiting.clear()
    } else if (!wanted) {
      this.#awaiting.clear()
      this.#readWhenDrained()
    } else if (!this.#reader.betweenMessages || this.#input.length > 0) this.#awaitRestOfHead()
    else if (this.#awaiting.awaited === undefined) this.#awaitNext()
  }

  #awaitRestOfHead(): void {
    // Counted from the head's first byte, whatever trickles in behind it.
    if (this.#awaiting.awaited !== 'head') this.#awaiting.set('head', this.#options.headTimeoutMs)
  }

  #outputBacksUp(): boolean {
    return this.transport.bufferedBytes > MAX_UNSENT_BYTES
  }

  #readWhenDrained(): void {
    void this.transport.drained().then(() => this.#read())
  }

  #close(): void {
    this.#end()
    this.transport.loseConnection()
  }

  #end(): void {
    this.#phase = OVER
    this.#awaiting.stop()
    this.#drained?.()
  }
}

/** What the channel is at; each phase carries what only it knows. */
type Phase =
  | { readonly is: 'head' }
  | { readonly is: 'request'; readonly request: Request; owesContinue: boolean }
  | { readonly is: 'discarding'; readonly leftBytes: number }
  | { readonly is: 'over' }

const HEAD: Phase = { is: 'head' }
const OVER: Phase = { is: 'over' }
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
/** Above this much unsent output no further request is read. */
const MAX_UNSENT_BYTES = 65_536
