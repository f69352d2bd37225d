import { type Address, reactor as realReactor, sleep } from '@ropewalk/core'
import {
  anything,
  checkOptions,
  checkValue,
  having,
  milliseconds,
  type OptionRule,
  type OptionRules,
} from '@ropewalk/core/options'
import { MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { Headers } from '../message/headers.ts'
import type { HTTPFactory } from '../server/http-factory.ts'
import type { Outcome } from '../response/request-ending.ts'
import { ReceivedResponse } from './received-response.ts'
import {
  chunk,
  type GivenHeaders,
  headersOf,
  isInPieces,
  isMethod,
  isTarget,
  lastChunk,
  type RequestContent,
  requestHead,
  type RequestParts,
  statesFraming,
} from './request-text.ts'
import { ResponseReader } from './response-reader.ts'

/** A request of a test. */
export interface TestRequest {
  /** Default GET; POST when there is a body. */
  readonly method?: string | undefined
  /** The target as it is sent, percent-encoded, with its query. Default `/`. */
  readonly path?: string | undefined
  /** Host is added, and what a body needs. With `Expect: 100-continue` the body waits for the 100. */
  readonly headers?: GivenHeaders | undefined
  readonly body?: RequestContent | undefined
  /** A body that is sent as JSON, instead of `body`. */
  readonly json?: unknown
  /** Fields after a body that is sent in chunks. */
  readonly trailers?: GivenHeaders | undefined
  /** The reactor of the connection. Pass one to move time, or to share it. Default: a new one. */
  readonly reactor?: MemoryReactor | undefined
  /** From where the client connects. Default 192.168.1.1:54321. */
  readonly peerAddress?: Address | undefined
  /** When it is aborted, the client resets the connection. */
  readonly signal?: AbortSignal | undefined
  /** Longest wait for the response, in real milliseconds. Beyond it, it rejects. Default 4 000. */
  readonly timeoutMs?: number | undefined
}

/**
 * Sends a request to a site in memory, on a connection of its own, and returns the response.
 *
 *     const response = await requestFrom(site, { path: '/items' })
 *     expect([response.status, response.json()]).toEqual([200, []])
 *
 * The bytes pass through a real HTTPChannel, with its grammar, limits and deadlines. The request is sent before the
 * call returns, except for a FormData. Time stands still: a program that waits for it needs a `reactor` that the test
 * advances. Once the response is complete, the client closes the connection; after a 101 the test has it.
 *
 * @throws {TypeError | RangeError} (rejects) for an option that is unknown or wrong, such as a path with a blank.
 * @throws {MalformedResponseError} (rejects) when what the server sends is not one response.
 * @throws {Error} (rejects) when the site refuses the connection, or `timeoutMs` has passed; with the error of a body
 *   whose iteration fails.
 */
export async function requestFrom(site: HTTPFactory, request: TestRequest = {}): Promise<ReceivedResponse> {
  checkValue('requestFrom', 'site', site, SITE)
  checkOptions('requestFrom', request, RULES)
  const { body } = request
  const parts = partsOf(request, body instanceof FormData ? await encoded(body) : undefined)
  request.signal?.throwIfAborted()
  return new ClientConnection(site, request, parts).responseTo(parts)
}

/** The reactor of one request. Two requests to a site never get the same random bytes, such as the id of a session. */
class ReactorOfRequest extends MemoryReactor {
  readonly #random: MemoryReactor

  constructor(site: HTTPFactory) {
    super()
    this.#random = RANDOM.get(site) ?? new MemoryReactor()
    RANDOM.set(site, this.#random)
  }

  override randomBytes(count: number): Buffer {
    return this.#random.randomBytes(count)
  }
}

/** The client of one request. */
class ClientConnection {
  readonly #reactor: MemoryReactor
  readonly #transport: StringTransport
  readonly #reader: ResponseReader
  readonly #request: TestRequest
  readonly #loggedBefore: number
  #failure: { readonly error: unknown } | undefined

  constructor(site: HTTPFactory, request: TestRequest, { method }: RequestParts) {
    const { reactor = new ReactorOfRequest(site), peerAddress } = request
    this.#reactor = reactor
    this.#request = request
    this.#loggedBefore = reactor.logged.length
    this.#reader = new ResponseReader(method)
    this.#transport = new StringTransport({ reactor, ...(peerAddress === undefined ? {} : { peerAddress }) })
    const channel = site.buildProtocol(this.#transport.getPeer())
    if (channel === undefined) throw new Error('Cannot send a request: the site refused the connection')
    this.#transport.begin(channel)
  }

  async responseTo(parts: RequestParts): Promise<ReceivedResponse> {
    const { signal } = this.#request
    const leave = (): void => this.#transport.receiveReset()
    signal?.addEventListener('abort', leave, { once: true })
    try {
      this.#transport.receive(requestHead(parts))
      const waits = parts.headers.get('expect')?.toLowerCase() === '100-continue'
      if (!waits) this.#sendBody(parts)
      await this.#received(waits ? parts : undefined)
      return this.#response()
    } finally {
      signal?.removeEventListener('abort', leave)
      if (!this.#reader.upgraded) this.#leave()
    }
  }

  /** Sends a body; what is in pieces, piece by piece, while the response is read. */
  #sendBody({ content, headers, trailers }: RequestParts): void {
    if (content === undefined) return
    if (!isInPieces(content)) return this.#transport.receive(content)
    const framed = !statesFraming(headers)
    const send = async (): Promise<void> => {
      for await (const piece of content) {
        // An empty chunk would be the last one.
        if (piece.length > 0) this.#transport.receive(framed ? chunk(piece) : piece)
        await this.#reactor.settle()
        if (this.#isOver()) return
      }
      if (framed) this.#transport.receive(lastChunk(trailers))
    }
    void send().catch((error: unknown) => (this.#failure = { error }))
  }

  /** Waits until the response is complete, or the server has closed. @param awaiting What a 100 permits to send. */
  async #received(awaiting: RequestParts | undefined): Promise<void> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS } = this.#request
    const begunAt = realReactor.now()
    let unsent = awaiting
    for (;;) {
      await this.#reactor.settle()
      const isOver = this.#isOver()
      if (this.#failure !== undefined) throw this.#failure.error
      if (isOver) return
      if (unsent !== undefined && this.#reader.informational.some(({ status }) => status === 100)) {
        this.#sendBody(unsent)
        unsent = undefined
      } else if (realReactor.now() - begunAt > timeoutMs) throw this.#late(timeoutMs)
      // The program may wait for a file or another process, of which the memory reactor knows nothing.
      else await sleep(1, { reactor: realReactor })
    }
  }

  /** Reads what has arrived. */
  #isOver(): boolean {
    const transport = this.#transport
    const isClosed = transport.ended || !transport.connected
    const data = transport.bytes()
    if (data.length > 0 && !this.#reader.upgraded) {
      transport.clear()
      this.#reader.push(data)
    }
    // A reset breaks a body off; only a FIN may be its end.
    if (transport.ended && !transport.aborted) this.#reader.end()
    return this.#reader.complete || isClosed
  }

  #response(): ReceivedResponse {
    const { upgraded, complete } = this.#reader
    const outcome: Outcome = upgraded ? 'upgraded' : complete ? 'complete' : 'aborted'
    const upgrade = upgraded ? { transport: this.#transport, unread: this.#reader.takeUnread() } : undefined
    const logged = this.#reactor.logged.slice(this.#loggedBefore)
    return new ReceivedResponse(outcome, this.#reader, upgrade, new Headers(), logged)
  }

  /** Leaves as a client does: with a FIN after a whole response, otherwise with a reset. */
  #leave(): void {
    if (!this.#transport.connected) return
    if (this.#reader.complete || this.#transport.ended) this.#transport.receiveEnd()
    else this.#transport.receiveReset()
  }

  #late(timeoutMs: number): Error {
    const { path = '/' } = this.#request
    const found = this.#reader.head === undefined ? 'no response' : 'only a part of the response'
    return new Error(
      `requestFrom: ${found} from ${path} after ${timeoutMs} ms: if the program waits for time to pass, give it a reactor and advance that; if the response does not end by itself, abort its signal`,
    )
  }
}

interface EncodedForm {
  readonly bytes: Uint8Array
  readonly type: string
}

async function encoded(form: FormData): Promise<EncodedForm> {
  const response = new Response(form)
  return {
    bytes: new Uint8Array(await response.arrayBuffer()),
    type: response.headers.get('content-type') ?? '',
  }
}

function partsOf(request: TestRequest, form: EncodedForm | undefined): RequestParts {
  const { body, path = '/' } = request
  const headers = headersOf(request.headers)
  const { content, type } = contentOf(request, form)
  if (type !== undefined && !headers.hasHeader('content-type')) headers.addRawHeader('Content-Type', type)
  const trailers = headersOf(request.trailers)
  if (request.trailers !== undefined && (!isInPieces(content) || statesFraming(headers)))
    throw new TypeError(
      'requestFrom: trailers follow a body that is sent in chunks: give an iterable as body',
    )
  const method = request.method ?? (body === undefined && request.json === undefined ? 'GET' : 'POST')
  return { method, path, headers, content, trailers }
}

function contentOf(
  { body, json }: TestRequest,
  form: EncodedForm | undefined,
): { readonly content: RequestParts['content']; readonly type?: string } {
  if (json !== undefined) {
    if (body !== undefined) throw new TypeError('requestFrom: give body or json, not both')
    const content: string | undefined = JSON.stringify(json)
    if (content === undefined) throw new TypeError(`requestFrom: json cannot be a ${typeof json}`)
    return { content, type: 'application/json' }
  }
  if (form !== undefined) return { content: form.bytes, type: form.type }
  if (body instanceof URLSearchParams)
    return { content: String(body), type: 'application/x-www-form-urlencoded' }
  return { content: body as RequestParts['content'] }
}

const DEFAULT_TIMEOUT_MS = 4_000
const SITE = having('a Site', 'buildProtocol')
const METHOD: OptionRule = textWhere(isMethod, 'a method such as GET')
const TARGET: OptionRule = textWhere(isTarget, 'a path such as /a%20b?q=1, percent-encoded')
const BODY: OptionRule = (value) => {
  const isContent =
    typeof value === 'string' ||
    (typeof value === 'object' &&
      value !== null &&
      (Symbol.iterator in value || Symbol.asyncIterator in value))
  return isContent
    ? undefined
    : { kind: 'type', wanted: 'a string, bytes, a form or an iterable of pieces; an object is json' }
}
const FIELDS: OptionRule = (value) =>
  typeof value === 'object' && value !== null
    ? undefined
    : { kind: 'type', wanted: 'an object, or pairs of name and value' }
const RULES: OptionRules<TestRequest> = {
  method: METHOD,
  path: TARGET,
  headers: FIELDS,
  body: BODY,
  json: anything,
  trailers: FIELDS,
  reactor: having('a MemoryReactor', 'advance', 'settle'),
  peerAddress: (value) =>
    typeof value === 'object' && value !== null && 'type' in value
      ? undefined
      : { kind: 'type', wanted: "an address, such as tcpAddress('192.0.2.1', 5000)" },
  signal: having('an AbortSignal', 'addEventListener', 'throwIfAborted'),
  timeoutMs: milliseconds(),
}

function textWhere(isRight: (text: string) => boolean, wanted: string): OptionRule {
  return (value) => {
    if (typeof value !== 'string') return { kind: 'type', wanted }
    return isRight(value) ? undefined : { kind: 'range', wanted }
  }
}

/** The reactor that makes the random bytes for the requests to a site. */
const RANDOM = new WeakMap<HTTPFactory, MemoryReactor>()
