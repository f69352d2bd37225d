import {
  byteCount,
  type GivenOptions,
  milliseconds,
  type OptionRules,
  withDefaults,
} from '@ropewalk/core/options'
import { Deadline } from '@ropewalk/core/time'
import { formatComment, formatServerSentEvent, type ServerSentEvent } from '../message/server-sent-event.ts'
import type { Headers } from '../message/headers.ts'

/** How a stream of events is kept. */
export interface EventStreamOptions {
  /**
   * Longest silence, in milliseconds; then a comment is sent, so that no proxy takes the connection for dead.
   * Infinity for none. Default 15 000.
   */
  readonly heartbeatMs: number
  /**
   * Most bytes that wait for a client that reads slowly. Beyond it, the stream is closed: the client connects again
   * and asks for what it has missed. Default 1 MiB.
   */
  readonly maxWaitingBytes: number
}

/** The part of a request that a stream of events uses. */
export interface EventRequest {
  readonly requestHeaders: Headers
  readonly responseHeaders: Headers
  readonly signal: AbortSignal
  readonly finished: Promise<unknown>
  readonly outcome: unknown
  readonly takesBody: boolean
  readonly waitingBytes: number
  readonly reactor: ConstructorParameters<typeof Deadline>[0]
  setHeader(name: string, value: string): void
  write(data: string): boolean
  drained(): Promise<boolean>
  finish(): void
  finishWithoutPieces(): void
  whenEnding(call: () => void): void
}

/**
 * A response that sends events to an `EventSource`, as they happen.
 *
 * It ends when `close` is called, the client leaves, the client does not read, or the reactor stops. A client other
 * than one that left connects again, with the id of the last event that it received.
 *
 * @see WHATWG HTML §9.2
 */
export class EventStream {
  /** The id of the last event that the client received, when it has connected before. */
  readonly lastEventId: string | undefined
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal
  readonly #request: EventRequest
  readonly #options: EventStreamOptions
  readonly #heartbeat: Deadline
  #open = true

  /** `eventStream` calls this, and checks the options. */
  constructor(request: EventRequest, options: EventStreamOptions) {
    this.#request = request
    this.#options = options
    this.signal = request.signal
    this.lastEventId = lastEventId(request.requestHeaders)
    this.#heartbeat = new Deadline(request.reactor, () => this.#beat())
    request.setHeader('Content-Type', 'text/event-stream')
    if (!request.responseHeaders.hasHeader('cache-control')) request.setHeader('Cache-Control', 'no-cache')
    // nginx holds a response back otherwise.
    request.setHeader('X-Accel-Buffering', 'no')
    this.#begin()
  }

  /** Whether events can be sent. */
  get open(): boolean {
    return this.#open
  }

  /**
   * Sends an event.
   *
   * @param event A string is its data.
   * @returns false when the client reads too slowly: await `drained()`, or send less. Also false once the stream is
   *   closed; the event is then not sent.
   * @throws {TypeError | RangeError} when the event cannot be sent, such as for an id with a line end.
   */
  send(event: ServerSentEvent | string): boolean {
    return this.#write(formatServerSentEvent(typeof event === 'string' ? { data: event } : event))
  }

  /**
   * Sends a comment, which clients ignore.
   *
   * @returns false as `send` does.
   */
  comment(text: string = ''): boolean {
    return this.#write(formatComment(text))
  }

  /** Resolves with true when more can be sent, or with false once the stream is closed. */
  async drained(): Promise<boolean> {
    return (await this.#request.drained()) && this.#open
  }

  /** Ends the response, after what was sent. The client connects again, unless it gets a 204 then. */
  close(): void {
    if (!this.#open) return
    this.#ended()
    this.#request.finish()
  }

  #begin(): void {
    const request = this.#request
    if (!request.takesBody) {
      this.#open = false
      return request.finishWithoutPieces()
    }
    // The client is notified of the connection before there is an event.
    request.write('')
    void request.finished.then(() => this.#ended())
    request.signal.addEventListener('abort', () => this.close(), { once: true })
    request.whenEnding(() => this.close())
    if (request.signal.aborted || request.outcome !== undefined) return this.close()
    this.#heartbeat.set(this.#options.heartbeatMs)
  }

  #write(text: string): boolean {
    if (!this.#open) return false
    const { waitingBytes } = this.#request
    if (waitingBytes > this.#options.maxWaitingBytes) {
      this.close()
      return false
    }
    this.#heartbeat.set(this.#options.heartbeatMs)
    return this.#request.write(text)
  }

  #beat(): void {
    // A client that has not read what was sent needs no sign of life.
    if (this.#request.waitingBytes === 0) this.comment()
    else this.#heartbeat.set(this.#options.heartbeatMs)
  }

  #ended(): void {
    this.#open = false
    this.#heartbeat.clear()
  }
}

/**
 * Begins a response that sends events: sets its headers, and sends the head. A `render` method returns NOT_DONE_YET
 * then.
 *
 * @throws {TypeError} when an option does not exist or has the wrong type.
 * @throws {RangeError} when an option is out of range.
 */
export function eventStream(request: EventRequest, options?: GivenOptions<EventStreamOptions>): EventStream {
  return new EventStream(
    request,
    withDefaults('eventStream', DEFAULT_EVENT_STREAM_OPTIONS, options, EVENT_STREAM_OPTION_RULES),
  )
}

/** A client sends the id as UTF-8, which headers show as latin1. */
function lastEventId(headers: Headers): string | undefined {
  const sent = headers.get('last-event-id')
  return sent === undefined ? undefined : Buffer.from(sent, 'latin1').toString()
}

const DEFAULT_EVENT_STREAM_OPTIONS: EventStreamOptions = {
  heartbeatMs: 15_000,
  maxWaitingBytes: 1_048_576,
}
const EVENT_STREAM_OPTION_RULES: OptionRules<EventStreamOptions> = {
  heartbeatMs: milliseconds({ endless: true }),
  maxWaitingBytes: byteCount(),
}
