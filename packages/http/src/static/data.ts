import { createHash } from 'node:crypto'
import { checkValue, type OptionRule } from '@ropewalk/core/options'
import { isFieldValue } from '../message/field-grammar.ts'
import { sendRanges } from '../response/range-response.ts'
import type { Request } from '../server/request.ts'
import { NOT_DONE_YET, type NotDoneYet } from '../site/render-result.ts'
import { Resource } from '../site/resource.ts'

/**
 * Responds to GET and HEAD with bytes of one type, with an ETag, ranges and conditional requests.
 *
 * @example
 * ```ts
 * import { Resource } from '@ropewalk/http'
 * import { Data } from '@ropewalk/http/static'
 *
 * export const root = new Resource()
 * root.putChild('robots.txt', new Data('User-agent: *\nDisallow:\n', 'text/plain'))
 * ```
 */
export class Data extends Resource {
  readonly #data: Buffer
  readonly #type: string
  readonly #etag: string

  /**
   * @param data A string is sent as UTF-8. Bytes are copied.
   * @param type The value of Content-Type.
   * @throws {TypeError | RangeError} when `data` is neither bytes nor a string, or `type` cannot be sent.
   */
  constructor(data: Uint8Array | string, type: string) {
    super()
    checkValue('Data', 'data', data, BYTES)
    checkValue('Data', 'type', type, TYPE)
    this.#data = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data)
    this.#type = type
    this.#etag = `"${createHash('sha256').update(this.#data).digest('base64url').slice(0, ETAG_CHARACTERS)}"`
  }

  override async render_GET(request: Request): Promise<NotDoneYet> {
    request.setHeader('Content-Type', this.#type)
    request.setHeader('ETag', this.#etag)
    await sendRanges(request, this.#data)
    return NOT_DONE_YET
  }
}

const BYTES: OptionRule = (value) =>
  typeof value === 'string' || value instanceof Uint8Array
    ? undefined
    : { kind: 'type', wanted: 'a string or a Uint8Array' }

const TYPE: OptionRule = (value) => {
  const wanted = 'a media type, such as text/plain; charset=utf-8'
  if (typeof value !== 'string') return { kind: 'type', wanted }
  return value !== '' && isFieldValue(value) ? undefined : { kind: 'range', wanted }
}

/** 132 bits of the hash. */
const ETAG_CHARACTERS = 22
