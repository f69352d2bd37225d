import {
  ConnectionAborted,
  type ConnectionClosed,
  ConnectionDone,
  type Drainable,
  type HalfCloseable,
  isConnectionEnd,
  LocalProtocolError,
  Protocol,
  type ProtocolEvents,
  type Replaceable,
} from '@ropewalk/core'
import { logConnection, type LogEvent } from '@ropewalk/core/log'
import { assertNever, ByteQueue } from '@ropewalk/core/bytes'
import { HTTPError, RemoteProtocolError } from '../errors.ts'
import type { RequestHead } from '../codec/request-head.ts'
import { type RequestEvent, RequestReader } from '../codec/request-reader.ts'
import { DEFAULT_CHANNEL_OPTIONS, type HTTPChannelOptions } from './channel-options.ts'
import { type Awaited, PhaseTimeout } from './phase-timeout.ts'
import { HEAD, OVER, type Phase, RequestPhase } from './channel-phase.ts'
import { earlyRefusal } from './error-response.ts'
import type { Asked, Mistake } from './outgoing-response.ts'
import { Request, type RequestChannel } from './request.ts'

/** The owner of a channel: an HTTPFactory. */
export interface HTTPChannelOwner {
  /** The limits and deadlines of its channels. */
  readonly options: HTTPChannelOptions
  /** Answers a request, whose head has arrived. When a promise that it returns rejects, the request fails. */
  process(request: Request): unknown
  /** The Date field's line for a moment, CRLF included. */
  dateLine(wallClockMs: number): string
}

/**
 * HTTP/1.1 on one connection: reads requests, and gives each to its factory's `process`.
 *
 * One request at a time: what is pipelined after it is held, 64 KiB of it, until its response is
 * complete, so responses cannot overtake each other, and a client that does not read them is not read.
 * The transport is not paused meanwhile: the client's end reaches a request that is being processed.
 *
 *     head ──▶ request ──response complete, body read──▶ head
 *                 └──body unread──▶ discarding ─────────▲        any ──▶ over
 */
export class HTTPChannel
  extends Protocol<HTTPChannelOwner>
  implements HalfCloseable, Drainable, Replaceable, RequestChannel
{
  readonly #input = new ByteQueue()
  readonly #awaiting = new PhaseTimeout(
    () => this.transport.reactor,
    (awaited) => this.#expired(awaited),
  )
  #options = DEFAULT_CHANNEL_OPTIONS
  #reader = new RequestReader(DEFAULT_CHANNEL_OPTIONS)
  #phase: Phase = HEAD
  #inputEnded = false
  #draining: Promise<void> | undefined
  #drained: (() => void) | undefined
  #reading = false
  #paused = false
  #awaitsRoom = false

  override connectionMade(): void {
    this.#options = this.factory.options
    this.#reader = new RequestReader(this.#options)
    this.#awaiting.set('first byte', this.#options.idleTimeoutMs)
  }

  override dataReceived(data: Buffer): void {
    this.#input.push(data)
    this.#read()
  }

  /** The client will send no more. What it asked for is answered within `departureGraceMs`. */
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

  /**
   * Answers the request that is being processed or read, or one that begins within `drainGraceMs`, with
   * `Connection: close`, then closes.
   *
   * @returns a promise that resolves once the channel has closed.
   */
  drain(): Promise<void> | undefined {
    if (this.#draining !== undefined || this.#phase.is === 'over') return this.#draining
    this.#draining = new Promise((resolve) => (this.#drained = resolve))
    if (this.#phase.is === 'request') this.#phase.request.endConnection()
    else if (this.#idle) this.#awaitNext()
    else if (this.#phase.is === 'head') this.#awaiting.set('head', this.#headTimeoutMs)
    return this.#draining
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

  responseTimeoutSet(request: Request, timeoutMs: number): void {
    const phase = this.#phase
    if (phase.is !== 'request' || phase.request !== request) return
    phase.responseTimeoutMs = timeoutMs
    if (this.#awaiting.awaited === 'response') this.#awaiting.set('response', timeoutMs)
  }

  requestDone(request: Request): void {
    const phase = this.#phase
    if (phase.is !== 'request' || phase.request !== request) return
    const whole = !request.hasBody || request.body.complete
    if (!whole) request.body.failed(responseComplete())
    if (!request.persistent || this.transport.disconnecting) return this.#close()
    if (whole) this.#awaitNext()
    else this.#phase = { is: 'discarding', leftBytes: this.#options.maxDiscardedBytes }
    this.#read()
  }

  switchProtocol(_request: Request, next: ProtocolEvents): void {
    this.#end()
    this.transport.switchProtocol(next, this.#input.takeAll())
  }

  /** Reads on for as long as what comes is wanted. */
  #read(): void {
    // A request that is answered at once, or asks for its body at once, calls this again from the loop.
    if (this.#reading || this.transport.disconnecting) return
    this.#reading = true
    try {
      do this.#readEvents()
      while (this.#inputEnded && this.#inputRanOut())
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error
      this.#rulesBroken(error)
    } finally {
      this.#reading = false
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
    const phase = this.#phase
    if (phase.is === 'head') return !this.#outputBacksUp()
    if (phase.is !== 'request') return phase.is === 'discarding'
    if (!phase.request.hasBody) return false
    // After the client's end no more can come, and whether the body is complete must be known.
    return this.#inputEnded ? phase.request.body.arriving : phase.request.body.wanted
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
    this.#phase = new RequestPhase(request, head.expectsContinue, this.#options)
    if (this.#draining !== undefined) request.endConnection()
    if (!request.hasBody) this.#reader.next(this.#input)
    try {
      const processing = this.factory.process(request)
      if (isThenable(processing))
        void Promise.resolve(processing).catch((error: unknown) => this.#processingFailed(request, error))
    } catch (error) {
      this.#processingFailed(request, error)
    }
  }

  #dataRead(data: Buffer): void {
    const phase = this.#phase
    if (phase.is === 'request') return phase.bodyReceived(data)
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
    const refused = error instanceof HTTPError || error instanceof RemoteProtocolError
    // A program that stops its work because the client has gone has made no mistake.
    if (!refused && isEndOf(request, error)) return this.#giveUp(request, error)
    if ((!refused || request.started) && request.outcome !== 'aborted') {
      const fields = { method: request.method, path: request.path.slice(0, 80) }
      // An error status that comes after the head cannot be sent, but the program has dealt with its error.
      const level = refused ? 'warn' : 'error'
      this.#report({ level, text: 'A request failed: {method} {path}', fields, error })
    }
    request.processingFailed(error)
  }

  responseMistaken(asked: Asked, { error, effect }: Mistake): void {
    const fields = { method: asked.method, path: asked.path.slice(0, 80) }
    const level = effect === 'incomplete' ? 'warn' : 'error'
    this.#report({ level, text: MISTAKEN[effect], fields, error })
  }

  #report(event: Pick<LogEvent, 'text' | 'fields' | 'error'> & { readonly level?: LogEvent['level'] }): void {
    const connection = logConnection(this.transport, this)
    this.transport.reactor.log({ level: 'error', namespace: 'ropewalk.http', connection, ...event })
  }

  #awaitNext(): void {
    this.#phase = HEAD
    if (this.#draining === undefined) this.#awaiting.set('next request', this.#options.keepAliveTimeoutMs)
    else this.#awaiting.set('last request', this.#options.drainGraceMs)
  }

  /**
   * The client will send no more, and what it sent was parsed as far as it is wanted.
   *
   * @returns whether there is more to read: the response may have been finished when its signal fired.
   */
  #inputRanOut(): boolean {
    const phase = this.#phase
    if (this.transport.disconnecting) return false
    if (this.#wantsInput()) {
      this.#reader.endOfInput()
      this.#close()
    } else if (phase.is === 'request' && this.#awaiting.awaited !== 'departure') {
      this.#awaitDeparture(phase)
      phase.request.clientLeft(new ConnectionDone('The client has closed its side of the connection'))
    }
    return this.#phase !== phase
  }

  /** The client broke the rules: answers so if an answer can still be given, and reads no more. */
  #rulesBroken(error: RemoteProtocolError): void {
    const phase = this.#phase
    if (phase.is === 'request') return this.#refuse(phase.request, error)
    if (phase.is === 'head') this.#respondWithError(error.statusCode)
    this.#close()
  }

  #expired(awaited: Awaited): void {
    const phase = this.#phase
    if (awaited === 'head') this.#respondWithError(408)
    if (phase.is !== 'request') return this.#close()
    const { request } = phase
    if (awaited === 'body') this.#refuse(request, new HTTPError(408))
    else if (awaited === 'departure') this.#departureOver(phase)
    else if (!request.started) this.#responseLate(request, phase.responseTimeoutMs)
  }

  #awaitDeparture(phase: RequestPhase): void {
    phase.sentAtDeparture = phase.request.sentLength
    this.#awaiting.set('departure', this.#options.departureGraceMs)
  }

  /** A client that has closed its side may read a long response: what it takes of it is progress. */
  #departureOver(phase: RequestPhase): void {
    const { request } = phase
    const isSending = this.transport.bufferedBytes > 0 || request.sentLength > phase.sentAtDeparture
    if (isSending) this.#awaitDeparture(phase)
    else this.#giveUp(request, new Error(UNANSWERED))
  }

  #responseLate(request: Request, timeoutMs: number): void {
    const fields = { method: request.method, path: request.path.slice(0, 80), timeoutMs }
    this.#report({
      text: 'A request was not answered within {timeoutMs} ms, finish it or return a response: {method} {path}',
      fields,
    })
    this.#refuse(request, new HTTPError(503))
  }

  /** Answers in place of the program, and ends the connection. */
  #refuse(request: Request, error: HTTPError | RemoteProtocolError): void {
    request.refuse(error)
    this.#close()
  }

  /** The client has gone, or has been waited for long enough: there is no one to answer. */
  #giveUp(request: Request, cause: unknown): void {
    if (request.outcome !== undefined) return
    this.#end()
    request.connectionLost(new ConnectionAborted(undefined, { cause }))
    this.transport.abortConnection(cause)
  }

  #respondWithError(code: number): void {
    this.transport.writeSequence(earlyRefusal(code, this.dateLine()))
  }

  /** Sets the deadline for what is awaited now, and keeps more from coming than is held. */
  #awaitInput(): void {
    if (this.#phase.is === 'over' || this.transport.disconnecting) return
    const wanted = this.#wantsInput()
    this.#pauseIf(!wanted && this.#input.length >= MAX_HELD_BYTES)
    const { awaited } = this.#awaiting
    if (this.#phase.is === 'request') this.#awaitProgress(this.#phase, wanted)
    else if (this.#phase.is === 'discarding') {
      if (awaited !== 'end of body') this.#awaiting.set('end of body', this.#options.discardTimeoutMs)
    } else if (!wanted) {
      this.#awaiting.clear()
      this.#readWhenDrained()
    } else if (!this.#idle) this.#awaitRestOfHead()
    else if (awaited === undefined) this.#awaitNext()
  }

  /** Either the client owes a part of the body, or the program the beginning of a response. */
  #awaitProgress(phase: RequestPhase, bodyWanted: boolean): void {
    const { deadlines } = this.transport.reactor
    if (bodyWanted) {
      const leftMs = phase.waitForBody(deadlines)
      if (leftMs !== undefined) this.#awaiting.set('body', leftMs)
      return
    }
    phase.pauseBody(deadlines)
    const { awaited } = this.#awaiting
    if (awaited === 'departure' || awaited === 'response') return
    if (phase.request.started) this.#awaiting.clear()
    else this.#awaiting.set('response', phase.responseTimeoutMs)
  }

  /** Whether no part of a request is here. */
  get #idle(): boolean {
    return this.#phase.is === 'head' && this.#reader.betweenMessages && this.#input.length === 0
  }

  #pauseIf(full: boolean): void {
    if (full === this.#paused) return
    this.#paused = full
    if (full) this.transport.pauseProducing()
    else this.transport.resumeProducing()
  }

  #awaitRestOfHead(): void {
    // Counted from the head's first byte, whatever trickles in after it.
    if (this.#awaiting.awaited !== 'head') this.#awaiting.set('head', this.#headTimeoutMs)
  }

  /** A stop does not wait a minute for a head that trickles in. */
  get #headTimeoutMs(): number {
    const { headTimeoutMs, drainGraceMs } = this.#options
    return this.#draining === undefined ? headTimeoutMs : Math.min(headTimeoutMs, drainGraceMs)
  }

  #outputBacksUp(): boolean {
    return this.transport.bufferedBytes > MAX_UNSENT_BYTES
  }

  #readWhenDrained(): void {
    if (this.#awaitsRoom) return
    this.#awaitsRoom = true
    void this.transport.drained().then(() => {
      this.#awaitsRoom = false
      this.#read()
    })
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

/** Whether `error` is the end of the request's client, or was caused by it. */
function isEndOf({ signal }: Request, error: unknown): boolean {
  return signal.aborted && (isConnectionEnd(error, signal.reason) || isBareAbort(error))
}

/** A program that passes the signal on through an AbortController of its own fails with an AbortError without a cause. */
function isBareAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError' && error.cause === undefined
}

/** Its cause makes it no fault of the program: whether the body comes before the response is complete is up to the client. */
function responseComplete(): LocalProtocolError {
  const cause = new RemoteProtocolError('truncated', 'The body had not all come')
  return new LocalProtocolError('Cannot read on: the response is complete', { cause })
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

const MISTAKEN: Readonly<Record<Mistake['effect'], string>> = {
  incomplete: 'A response was sent without a part: {method} {path}',
  replaced: 'A response cannot be sent as written, the client gets a 500: {method} {path}',
  cut: 'A response cannot be sent as written, the connection is cut: {method} {path}',
}
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const UNANSWERED =
  'Cannot keep the connection: the client has closed its side, and nothing of the response was sent within departureGraceMs'
/** Above this much unsent output no further request is read. */
const MAX_UNSENT_BYTES = 65_536
/** With this much unparsed input the transport is paused until it is wanted. */
const MAX_HELD_BYTES = 65_536
