import type { Headers } from '../message/headers.ts'
import type { CodedBody, CodedSink } from './coded-body.ts'
import type { Choice, ContentCoding } from './content-coding.ts'
import { byteLength, declaredLength, wrongLength } from './response-stream.ts'

/** The facts about a request that decide whether the response to it is coded. */
export interface CodingRequest {
  readonly method: string
  readonly requestHeaders: Headers
}

/** A response whose head is about to be sent. */
export interface BeginningResponse {
  readonly code: number
  readonly headers: Headers
  /** The fields after its body; undefined when there are none. */
  readonly trailers: { has(name: string): boolean } | undefined
  /** The Content-Type for headers without one; '' when it is not known. */
  readonly defaultType: string
}

interface Chosen {
  readonly choice: Choice
  /** The length that the program declared. */
  readonly declaredBytes: number | undefined
}

/** The coding of one response's body, which is chosen when the head is sent. */
export class ResponseCoding {
  readonly #coding: ContentCoding
  readonly #request: CodingRequest
  readonly #sink: CodedSink
  #chosen: Chosen | undefined
  #body: CodedBody | undefined

  /** @param sink What a body that is coded piece by piece is sent to. */
  constructor(coding: ContentCoding, request: CodingRequest, sink: CodedSink) {
    this.#coding = coding
    this.#request = request
    this.#sink = sink
  }

  /** The body that is coded piece by piece; undefined before its beginning, and when there is none. */
  get body(): CodedBody | undefined {
    return this.#body
  }

  /**
   * Chooses the coding for a whole body, and sets the headers accordingly.
   *
   * @returns the body as it is sent; undefined when it must be sent in pieces, which `begin` prepares.
   * @throws {LocalProtocolError} when a body that is coded has another length than its Content-Length.
   */
  whole(response: BeginningResponse, body: Uint8Array | string): Uint8Array | string | undefined {
    const bytes = byteLength(body)
    const { choice, declaredBytes } = this.#choose(response, bytes)
    if (choice === undefined) return body
    if (choice === 'no body') return undefined
    if (declaredBytes !== undefined && declaredBytes !== bytes) throw wrongLength(bytes, declaredBytes)
    return this.#coding.whole(choice, body)
  }

  /**
   * Chooses the coding for a body of which the first piece is known, unless `whole` has, and sets the headers
   * accordingly.
   *
   * @throws {LocalProtocolError} when the piece of a body that is coded exceeds its Content-Length.
   */
  begin(response: BeginningResponse, firstPiece: Uint8Array | string): void {
    const { choice, declaredBytes } = this.#choose(response, undefined)
    if (choice === undefined || choice === 'no body') return
    const bytes = byteLength(firstPiece)
    if (declaredBytes !== undefined && bytes > declaredBytes) throw wrongLength(bytes, declaredBytes)
    this.#body = this.#coding.begin(choice, this.#sink, declaredBytes)
  }

  #choose(response: BeginningResponse, bytes: number | undefined): Chosen {
    if (this.#chosen !== undefined) return this.#chosen
    const declaredBytes = declaredLength(response.headers)
    const { method, requestHeaders } = this.#request
    const choice = this.#coding.choose({ method, requestHeaders, ...response, bytes: bytes ?? declaredBytes })
    this.#chosen = { choice, declaredBytes }
    return this.#chosen
  }
}
