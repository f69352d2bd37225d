import { createHash } from 'node:crypto'
import { checkValue, type OptionRule } from '@ropewalk/core/options'
import { isFieldValue } from '../message/field-grammar.ts'
import type { Request } from '../server/request.ts'
import { Resource } from '../site/resource.ts'
import { beginRepresentation, type Piece, type Representation } from './representation.ts'

/** Responds to GET and HEAD with bytes of one type, with an ETag, ranges and conditional requests. */
export class Data extends Resource {
  readonly #data: Buffer
  readonly #representation: Representation

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
    const etag = `"${createHash('sha256').update(this.#data).digest('base64url').slice(0, ETAG_CHARACTERS)}"`
    this.#representation = { bytes: this.#data.length, type, etag }
  }

  override render_GET(request: Request): Uint8Array | string {
    const pieces = beginRepresentation(request, this.#representation)
    const [only = ''] = pieces
    return pieces.length > 1
      ? Buffer.concat(pieces.map((piece) => this.#bytesOf(piece)))
      : this.#bytesOf(only)
  }

  #bytesOf(piece: Piece): Buffer {
    return typeof piece === 'string'
      ? Buffer.from(piece, 'latin1')
      : this.#data.subarray(piece.start, piece.end)
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
