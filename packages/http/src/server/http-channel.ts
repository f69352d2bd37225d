// A connection carries one request after another (RFC 9112 §9.3). Its course is one `Phase` of
// channel-phase.ts; a table there lists which event leads from which phase to which:
//
//     idle ──headBegun──▶ head ──headRead──▶ request ──exchangeComplete──▶ idle
//      ▲                                        └──responseComplete──▶ discarding ──bodyComplete──▶ idle
//      └──outputSent── congested ◀──outputFull── idle, head                         any ──end──▶ over
//
// One request at a time (§9.3.2): pipelined requests stay in `#input` until the response is complete, so
// responses cannot overtake each other, and a client that does not read them is not read (`congested`).
// There is one deadline, for what the phase waits for. A phase that waits sets it; the others ignore it.
// `over` is the end of the channel: it has closed (§9.6), or the connection has another protocol.
// Two facts do not depend on the phase: the state of the client's input, and whether the reactor stops.
import {
  ConnectionAborted,
  type ConnectionClosed,
  ConnectionDone,
  type Drainable,
  type HalfCloseable,
  LocalProtocolError,
  Protocol,
  type ProtocolEvents,
  type Replaceable,
} from '@ropewalk/core'
import { isThenable } from '@ropewalk/core/reactor'
import { assertNever, ByteQueue } from '@ropewalk/core/bytes'
import { HTTPError, isExpected, readableError, RemoteProtocolError, statusOf } from '../errors.ts'
import type { RequestHead } from '../codec/request-head.ts'
import { type RequestEvent, RequestReader } from '../codec/request-reader.ts'
import { ChannelCourse, type CourseOwner, ENDED_COURSE, type Overdue } from './channel-course.ts'
import { DEFAULT_CHANNEL_OPTIONS, type HTTPChannelOptions, readerLimits } from './channel-options.ts'
import type { EarlyRefusal } from './access-log.ts'
import { RequestPhase } from './channel-phase.ts'
import { earlyRefusal, htmlError, type RenderedError } from '../response/error-response.ts'
import type { RequestSummary } from '../response/outgoing-response.ts'
import type { Mistake } from '../response/response-mistakes.ts'
import { Request, type RequestChannel } from './request.ts'
import { isClientEnd } from '../response/request-ending.ts'
import { publishFailure } from './request-events.ts'
import { logFailure, logLateResponse, logMistake, logPageFault } from './request-log.ts'

/** The owner of a channel: an HTTPFactory. */
export interface HTTPChannelOwner {
  /** The limits and deadlines of its channels. */
  readonly options: HTTPChannelOptions
  /** Responds to a request whose head has arrived. When a promise that it returns rejects, the request fails. */
  process(request: Request): unknown
  /** The Date field's line for a moment, CRLF included. */
  dateLine(wallClockMs: number): string
  /** Is called before `process`. When it throws, the request fails, and `process` is not called. */
  requestBegun(request: Request): void
  /** Is called when the client is sent an error response before its bytes became a request. */
  requestRefused(refusal: EarlyRefusal): void
  /** Makes the page for an error; `request` is undefined when the client has sent no whole head. */
  renderError(error: unknown, request: Request | undefined): RenderedError
}

/**
 * HTTP/1.1 on one connection: reads requests, and gives each to its factory's `process`.
 *
 * One request is processed at a time. Up to 64 KiB of pipelined requests are held until its response is
 * complete. The transport is not paused before that, so that the client's FIN is noticed while a request is
 * being processed.
 */
export class HTTPChannel
  extends Protocol<HTTPChannelOwner>
  implements HalfCloseable, Drainable, Replaceable, RequestChannel, CourseOwner
{
  #course = new ChannelCourse(this)
  #input = NO_INPUT
  #options = DEFAULT_CHANNEL_OPTIONS
  #inputState: 'flowing' | 'paused' | 'ended' = 'flowing'
  #reader = NO_READER
  /** Guards `#read`, which a request calls again when it is finished, or asks for its body, at once. */
  #reading = false
  /** Whether one request is read at once: the transport's low-water mark may be above `MAX_UNSENT_BYTES`. */
  #drained = false
  #requestCount = 0
  /** The line of the Date field while requests are read: the clock is read once for all that have come together. */
  #date = ''

  override connectionMade(): void {
    this.#options = this.factory.options
    this.#reader = new RequestReader(readerLimits(this.#options))
    this.#course.begin(this.#options)
  }

  override dataReceived(data: Buffer): void {
    if (this.#input === NO_INPUT) this.#input = new ByteQueue()
    this.#input.push(data)
    this.#read()
  }

  /** The client has sent its FIN. A request that it sent before must be responded to within `departureGraceMs`. */
  readConnectionLost(): void {
    this.#inputState = 'ended'
    this.#read()
  }

  override connectionLost(reason: ConnectionClosed): void {
    const { phase } = this.#course
    this.#course.end()
    if (phase.is === 'request') phase.request.connectionLost(reason)
  }

  protocolReplaced(): void {
    this.#course.end()
  }

  /**
   * Responds with `Connection: close` to the request that is being processed or read, or to one that begins within
   * `drainGraceMs`, then closes.
   *
   * @returns a promise that resolves once the channel has closed.
   */
  drain(): Promise<void> | undefined {
    const { phase } = this.#course
    if (phase.is === 'request') phase.request.endConnection()
    const drained = this.#course.drain()
    this.#awaitHead()
    return drained
  }

  dateLine(): string {
    if (this.#date === '') this.#date = this.factory.dateLine(this.transport.reactor.wallClock())
    const date = this.#date
    if (!this.#reading) this.#date = ''
    return date
  }

  bodyWanted(request: Request): void {
    const { phase } = this.#course
    if (phase.is !== 'request' || phase.request !== request) return
    const welcome = this.#input.length === 0 && !request.started && this.#reader.bodyWithinLimit
    if (phase.owesContinue && welcome) this.transport.write(CONTINUE)
    phase.owesContinue = false
    this.#read()
  }

  bodyLimited(request: Request, maxBytes: number): void {
    const { phase } = this.#course
    if (phase.is === 'request' && phase.request === request) this.#reader.limitBody(maxBytes)
  }

  nextRequestNumber(): number {
    return ++this.#requestCount
  }

  willDiscard(head: RequestHead): boolean {
    const { framing, expectsContinue } = head
    if (expectsContinue || !this.#reader.bodyWithinLimit) return false
    return framing.kind !== 'length' || framing.bytes <= this.#options.maxDiscardedBytes
  }

  responseTimeoutSet(request: Request, timeoutMs: number): void {
    const { phase } = this.#course
    if (phase.is !== 'request' || phase.request !== request) return
    this.#course.setResponseTimeout(phase, timeoutMs)
  }

  requestDone(request: Request): void {
    const { phase } = this.#course
    if (phase.is !== 'request' || phase.request !== request) return
    const whole = !request.hasBody || request.body.complete
    if (!whole) request.body.failed(responseComplete())
    if (!request.persistent || this.transport.disconnecting) return this.#close()
    if (whole) this.#course.exchangeComplete(this.#input.length > 0)
    else this.#course.responseComplete()
    this.#read()
  }

  switchProtocol(_request: Request, next: ProtocolEvents): void {
    this.#course.end()
    const unread = this.#input.takeAll()
    // The request keeps this channel for as long as the next protocol keeps the request.
    this.#course = ENDED_COURSE
    this.#reader = NO_READER
    this.#input = NO_INPUT
    this.transport.switchProtocol(next, unread)
  }

  renderError(error: unknown): RenderedError {
    const { phase } = this.#course
    return this.#pageFor(error, phase.is === 'request' ? phase.request : undefined)
  }

  logMistake(request: RequestSummary, mistake: Mistake): void {
    logMistake(this, request, mistake)
  }

  /** Called by the course. */
  deadlinePassed(overdue: Overdue): void {
    switch (overdue.is) {
      case 'next request':
        return this.#close()
      case 'head':
        this.#refuseEarly(HTTPError.withoutStack(408))
        return this.#close()
      case 'body':
        return this.#refuse(overdue.phase.request, new HTTPError(408))
      case 'response':
        logLateResponse(this, overdue.phase.request, overdue.phase.responseTimeoutMs)
        return this.#refuse(overdue.phase.request, new HTTPError(503))
      case 'departure':
        return this.#giveUp(overdue.phase.request, new Error(NO_PROGRESS))
      default:
        return assertNever(overdue)
    }
  }

  /** Reads on for as long as what comes is wanted. */
  #read(): void {
    if (this.#reading || this.transport.disconnecting) return
    this.#reading = true
    try {
      do this.#readEvents()
      while (this.#inputState === 'ended' && this.#inputConsumed())
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error
      this.#violated(error)
    } finally {
      this.#reading = false
      this.#date = ''
    }
    this.#awaitInput()
  }

  #readEvents(): void {
    while (this.#wantsInput() && !this.transport.disconnecting) {
      const event = this.#reader.next(this.#input)
      if (event === undefined) return
      this.#eventRead(event)
    }
  }

  #wantsInput(): boolean {
    const { phase } = this.#course
    switch (phase.is) {
      case 'idle':
      case 'head':
      case 'congested':
        return this.#drained || this.transport.bufferedBytes <= MAX_UNSENT_BYTES
      case 'request':
        if (!phase.request.hasBody) return false
        // After the client's FIN no more can come, and whether the body is complete must be known.
        return this.#inputState === 'ended' ? phase.request.body.arriving : phase.request.body.wanted
      case 'discarding':
        return true
      case 'over':
        return false
      default:
        return assertNever(phase)
    }
  }

  #eventRead(event: RequestEvent): void {
    switch (event.type) {
      case 'head':
        return this.#headRead(event.head)
      case 'data':
        return this.#dataRead(event.data)
      case 'end':
        return this.#bodyRead(event.trailers)
      default:
        return assertNever(event)
    }
  }

  #headRead(head: RequestHead): void {
    this.#drained = false
    const request = new Request(this, head)
    this.#course.headRead(new RequestPhase(request, head.expectsContinue, this.#options))
    if (this.#course.draining) request.endConnection()
    if (request.hasBody) this.#reader.limitBody(this.#options.maxBodyBytes)
    else this.#reader.next(this.#input)
    try {
      this.factory.requestBegun(request)
      const processing = this.factory.process(request)
      if (isThenable(processing))
        void Promise.resolve(processing).catch((error: unknown) => this.#processingFailed(request, error))
    } catch (error) {
      this.#processingFailed(request, error)
    }
  }

  #dataRead(data: Buffer): void {
    const { phase } = this.#course
    if (phase.is === 'request') return phase.bodyReceived(data)
    if (phase.is !== 'discarding') throw new Error(`Cannot read a body in the phase ${phase.is}`)
    phase.leftBytes -= data.length
    if (phase.leftBytes < 0) this.#close()
  }

  #bodyRead(trailers: readonly string[]): void {
    const { phase } = this.#course
    if (phase.is === 'request') phase.request.body.completed(trailers)
    else this.#course.bodyComplete()
  }

  #processingFailed(request: Request, thrown: unknown): void {
    const error = readableError(thrown)
    if (!isExpected(error)) {
      // A program that stops its work because the client has gone has made no mistake.
      if (isClientEnd(error, request.signal)) return this.#giveUp(request, error)
      publishFailure(this.transport, request, error)
    }
    logFailure(this, request, error)
    request.processingFailed(error)
  }

  /**
   * The client has sent its FIN, and its input was read as far as it is wanted.
   *
   * @returns whether there is more to read: the response may have been finished when its signal fired.
   */
  #inputConsumed(): boolean {
    const { phase } = this.#course
    if (this.transport.disconnecting) return false
    if (this.#wantsInput()) {
      this.#reader.endOfInput()
      this.#close()
    } else if (phase.is === 'request' && phase.awaits.is !== 'departure') {
      this.#course.awaitDeparture(phase)
      phase.request.clientLeft(new ConnectionDone('The client has closed its side of the connection'))
    }
    return this.#course.phase !== phase
  }

  /** The client violated HTTP: responds with an error if that is still possible, and closes. */
  #violated(error: RemoteProtocolError): void {
    const { phase } = this.#course
    if (phase.is === 'request') return this.#refuse(phase.request, error)
    if (phase.is !== 'discarding') this.#refuseEarly(error)
    this.#close()
  }

  /** Sets the deadline for what is awaited now, and keeps more from coming than is held. */
  #awaitInput(): void {
    const { phase } = this.#course
    if (phase.is === 'over' || this.transport.disconnecting) return
    const wanted = this.#wantsInput()
    this.#pauseIf(!wanted && this.#input.length >= MAX_HELD_BYTES)
    switch (phase.is) {
      case 'idle':
      case 'head':
        return wanted ? this.#awaitHead() : this.#awaitRoom()
      case 'congested':
        return wanted ? this.#outputSent() : undefined
      case 'request':
        return this.#course.awaitProgress(phase, wanted)
      case 'discarding':
        return
      default:
        return assertNever(phase)
    }
  }

  /** Reads no request until the client has read most of its responses. */
  #awaitRoom(): void {
    this.#course.outputFull()
    void this.transport.drained().then(() => {
      this.#drained = true
      if (this.#course.phase.is === 'congested') this.#outputSent()
      this.#read()
    })
  }

  #outputSent(): void {
    this.#course.outputSent()
    this.#awaitHead()
  }

  /** Waits for the rest of a head if a part of it is here. */
  #awaitHead(): void {
    if (this.#course.phase.is !== 'idle') return
    if (this.#input.length > 0 || !this.#reader.betweenMessages) this.#course.headBegun()
  }

  #pauseIf(full: boolean): void {
    if (this.#inputState === 'ended' || full === (this.#inputState === 'paused')) return
    this.#inputState = full ? 'paused' : 'flowing'
    if (full) this.transport.pauseProducing()
    else this.transport.resumeProducing()
  }

  /** Responds in place of the program, and ends the connection. */
  #refuse(request: Request, error: HTTPError | RemoteProtocolError): void {
    publishFailure(this.transport, request, error)
    request.refuse(error)
    this.#close()
  }

  /** Aborts the connection without a response: the client has gone, or does not make progress. */
  #giveUp(request: Request, cause: unknown): void {
    if (request.outcome !== undefined) return
    this.#course.end()
    request.connectionLost(new ConnectionAborted(undefined, { cause }))
    this.transport.abortConnection(cause)
  }

  /** Responds to bytes that did not become a request. */
  #refuseEarly(error: HTTPError | RemoteProtocolError): void {
    const { transport } = this
    const page = this.#pageFor(error, undefined)
    transport.writeSequence(earlyRefusal(error.statusCode, this.dateLine(), page))
    publishFailure(transport, undefined, error)
    this.factory.requestRefused({ error, transport, bytes: Buffer.byteLength(page.body) })
  }

  #pageFor(error: unknown, request: Request | undefined): RenderedError {
    try {
      return this.factory.renderError(error, request)
    } catch (fault) {
      logPageFault(this, fault)
      return htmlError(statusOf(error))
    }
  }

  #close(): void {
    this.#course.end()
    this.transport.loseConnection()
  }
}

/** Its cause makes it no fault of the program: whether the body comes before the response is complete is up to the client. */
function responseComplete(): LocalProtocolError {
  const cause = new RemoteProtocolError('truncated', 'The body had not all come')
  return new LocalProtocolError('Cannot read on: the response is complete', { cause })
}

/** These stand in before the channel is connected, and once another protocol has replaced it. */
const NO_INPUT = new ByteQueue()
const NO_READER = new RequestReader(DEFAULT_CHANNEL_OPTIONS)
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const NO_PROGRESS =
  'Cannot keep the connection: the client has closed its side, and nothing of the response was sent within departureGraceMs'
/** Above this much unsent output no further request is read. */
const MAX_UNSENT_BYTES = 65_536
/** With this much unparsed input the transport is paused until it is wanted. */
const MAX_HELD_BYTES = 65_536
