import {
  byteCount,
  callable,
  count,
  type GivenOptions,
  listOf,
  oneOf,
  type OptionRules,
  withDefaults,
} from '@ropewalk/core/options'
import { lowerCaseElements } from '../message/field-grammar.ts'
import type { Headers } from '../message/headers.ts'
import { weakTag } from '../message/conditional.ts'
import { addVary, preferredCoding } from '../message/negotiation.ts'
import { CodedBody, type CodedSink } from './coded-body.ts'
import { byteLength } from './response-stream.ts'
import { codeAtOnce, type CodingLevels, type CodingName, hasCoding, makeCoder } from './coders.ts'

/** How responses are coded. */
export interface ContentCodingOptions extends CodingLevels {
  /**
   * The codings on offer. Among those that a client likes equally, the first one is used. zstd is left out where
   * Node does not have it. Default zstd, br, gzip.
   */
  readonly codings: readonly CodingName[]
  /** Shortest body that is coded, in bytes, if its length is known. Default 1 024. */
  readonly thresholdBytes: number
  /**
   * Most bodies that are coded piece by piece at one time, since each has a coder with its memory. Beyond it,
   * bodies are sent as they are. Default 256.
   */
  readonly maxCoders: number
  /**
   * Whether a body of this Content-Type is worth coding. By default text, JSON, XML, scripts, WebAssembly and some
   * fonts and images are; what is compressed already is not.
   */
  readonly isCompressible: (type: string) => boolean
}

/**
 * How a body is coded: undefined when it is sent as it is, `no body` when only GET would get a coded body.
 */
export type Choice = CodingName | 'no body' | undefined

/** A response whose head is about to be sent. */
export interface CodableResponse {
  readonly method: string
  readonly requestHeaders: Headers
  readonly code: number
  /** Its headers, which are changed when its body will be coded. */
  readonly headers: Headers
  /** The fields after its body; undefined when there are none. */
  readonly trailers?: { has(name: string): boolean } | undefined
  /** The default Content-Type, for headers without one; '' when it is not known. */
  readonly defaultType: string
  /** The length of its body; undefined when it is not known. */
  readonly bytes: number | undefined
}

/**
 * Codes the bodies of responses, such as with gzip, for clients that accept it (RFC 9110 §8.4).
 *
 * One object serves any number of responses, and counts the coders that they have open.
 */
export class ContentCoding {
  readonly #options: ContentCodingOptions
  readonly #offers: readonly (CodingName | 'identity')[]
  #open = 0

  /**
   * @throws {TypeError} when `options` is not an object, or has an option that does not exist or has the wrong type.
   * @throws {RangeError} when an option is out of range.
   */
  constructor(options?: GivenOptions<ContentCodingOptions>) {
    this.#options = withDefaults('ContentCoding', DEFAULT_CODING_OPTIONS, options, CODING_OPTION_RULES)
    this.#offers = [...this.#options.codings.filter(hasCoding), 'identity']
  }

  /** How many bodies are being coded piece by piece. */
  get openCoders(): number {
    return this.#open
  }

  /**
   * Decides how the body of a response is coded, and sets its Content-Encoding, Vary, ETag and Content-Length
   * accordingly.
   *
   * A coded body has other bytes, so its entity tag becomes weak. A 304 and a response to HEAD get the same Vary and
   * ETag as the response that GET would get.
   */
  choose(response: CodableResponse): Choice {
    const { code, method, headers, trailers, bytes } = response
    const isBodiless = code === 304 || method === 'HEAD'
    const isPart = code === 206 || headers.hasHeader('content-range')
    if (isUnchanged(code, headers, trailers) || !this.#isCompressible(response, isBodiless)) return undefined
    const isTooShort = bytes !== undefined && bytes < this.#options.thresholdBytes
    if (isTooShort && code !== 304 && !isPart) return undefined
    addVary(headers, 'Accept-Encoding')
    // RFC 9110 §15.3.7: a part has the Vary of the whole. It is a part of the body without coding.
    if (isPart) return undefined
    const coding = preferredCoding(response.requestHeaders, this.#offers)
    if (coding === undefined || coding === 'identity') return undefined
    if (!isShort(bytes) && this.#open >= this.#options.maxCoders) return undefined
    const tag = headers.get('etag')
    if (tag !== undefined) headers.setRawHeaders('ETag', [weakTag(tag)])
    // RFC 9110 §8.6: in response to HEAD, it must be the length that GET would get.
    headers.removeHeader('content-length')
    if (isBodiless) return 'no body'
    headers.setRawHeaders('Content-Encoding', [coding])
    return coding
  }

  /**
   * Codes a whole body at once, if it is so short that this takes less than about a millisecond.
   *
   * @returns undefined for a longer body: write it to the result of `begin`.
   */
  whole(coding: CodingName, body: Uint8Array | string): Buffer | undefined {
    return isShort(byteLength(body)) ? codeAtOnce(coding, body, this.#options) : undefined
  }

  /**
   * Begins a body that is coded piece by piece.
   *
   * @param declaredBytes The length that the program declared; undefined when it declared none.
   */
  begin(coding: CodingName, sink: CodedSink, declaredBytes: number | undefined): CodedBody {
    const coder = makeCoder(coding, this.#options)
    this.#open += 1
    return new CodedBody(coder, sink, declaredBytes, () => (this.#open -= 1))
  }

  /** Without a body, and in parts, its type may not be known. Then it may be one that is coded. */
  #isCompressible({ code, headers, defaultType }: CodableResponse, isBodiless: boolean): boolean {
    const type = headers.get('content-type') ?? defaultType
    if (type === '') return isBodiless
    // Its parts have the type of the whole.
    if (code === 206 && type.startsWith('multipart/byteranges')) return true
    return this.#options.isCompressible(type)
  }
}

/** The part of a request that is used to code the response to it. */
export interface EncodedRequest {
  encodeWith(coding: ContentCoding): void
}

/**
 * Codes one response with gzip, br or zstd if the client accepts it, however the response is written. Call it
 * before the head is sent. For many responses use `compressed`.
 *
 * @throws {TypeError | RangeError} for an option, as the constructor of `ContentCoding` does.
 *
 * @example
 * ```ts
 * import { encodeResponse, type Request, Resource } from '@ropewalk/http'
 *
 * export class Report extends Resource {
 *   override render_GET(request: Request) {
 *     encodeResponse(request)
 *     return 'a long text '.repeat(1000)
 *   }
 * }
 * ```
 */
export function encodeResponse(request: EncodedRequest, options?: GivenOptions<ContentCodingOptions>): void {
  request.encodeWith(new ContentCoding(options))
}

/** Whether a body with this Content-Type becomes much shorter when it is coded. */
export function isCompressible(type: string): boolean {
  const [essence = ''] = type.toLowerCase().split(';', 1)
  return COMPRESSIBLE.test(essence.trim())
}

/** Whether a body must be sent as it is: there is none, it is coded already, or the program forbids it. */
function isUnchanged(code: number, headers: Headers, trailers: CodableResponse['trailers']): boolean {
  if (code < 200 || code === 204 || code === 205) return true
  if (UNCHANGED.some((name) => headers.hasHeader(name) || trailers?.has(name))) return true
  return lowerCaseElements(headers.getRawHeaders('cache-control') ?? []).includes('no-transform')
}

function isShort(bytes: number | undefined): boolean {
  return bytes !== undefined && bytes <= AT_ONCE_BYTES
}

const DEFAULT_CODING_OPTIONS: ContentCodingOptions = {
  codings: ['zstd', 'br', 'gzip'],
  thresholdBytes: 1_024,
  maxCoders: 256,
  isCompressible,
  gzipLevel: 6,
  brotliQuality: 4,
  zstdLevel: 3,
}
const CODING_OPTION_RULES: OptionRules<ContentCodingOptions> = {
  codings: listOf(oneOf('gzip', 'br', 'zstd')),
  thresholdBytes: byteCount(),
  maxCoders: count({ endless: true }),
  isCompressible: callable,
  gzipLevel: count({ least: 1, most: 9 }),
  brotliQuality: count({ most: 11 }),
  zstdLevel: count({ least: 1, most: 19 }),
}
/** Headers of a body that is coded already, or whose bytes were digested (RFC 9530 §2). */
const UNCHANGED = ['content-encoding', 'content-digest', 'repr-digest']
/** A body that is not longer is coded in the same turn. */
const AT_ONCE_BYTES = 32_768
/** RFC 6838 §4.2.8 defines the suffixes. */
const COMPRESSIBLE =
  /^(?:text\/.+|.+\+(?:json|json-seq|xml|yaml|text)|application\/(?:json|json-seq|jsonl|ndjson|x-ndjson|jsonlines|javascript|ecmascript|x-javascript|xml|xml-dtd|yaml|toml|sql|graphql|rtf|wasm|x-sh|x-tar|manifest|x-www-form-urlencoded|vnd\.ms-fontobject|x-font-ttf)|font\/(?:ttf|otf|collection)|image\/(?:bmp|x-icon|vnd\.microsoft\.icon|x-portable-[a-z]+map))$/
