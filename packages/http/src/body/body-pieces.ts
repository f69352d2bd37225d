import type { Reactor } from '@ropewalk/core'
import { byteCount, type GivenOptions, type OptionRules, withDefaults } from '@ropewalk/core/options'
import { HTTPError } from '../errors.ts'
import type { Headers } from '../message/headers.ts'

/** The part of a request that its body uses. */
export interface BodyRequest {
  readonly requestHeaders: Headers
  readonly reactor: Pick<Reactor, 'randomBytes' | 'log'>
  /** Resolves once the request has ended. */
  readonly finished: Promise<unknown>
}

/** Options for reading a whole body, or a part of a form. */
export interface SizeOptions {
  /** Most bytes to read. Beyond it: 413. Default: no limit besides that of the body or the form. */
  readonly maxBytes: number
}

/**
 * Returns the `maxBytes` of `options`.
 *
 * @param owner What takes the options.
 * @throws {TypeError | RangeError} for an option that does not exist, has the wrong type or is out of range.
 */
export function mostBytes(owner: string, options: GivenOptions<SizeOptions> | undefined): number {
  return withDefaults(owner, DEFAULT_SIZE_OPTIONS, options, SIZE_OPTION_RULES).maxBytes
}

/** Joins pieces. @throws {HTTPError} (rejects) 413 once they have more than `maxBytes`. */
export async function collect(pieces: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const all: Buffer[] = []
  let bytes = 0
  for await (const piece of pieces) {
    bytes += piece.length
    if (bytes > maxBytes) throw tooLong(maxBytes)
    all.push(piece)
  }
  return all.length === 1 && all[0] !== undefined ? all[0] : Buffer.concat(all, bytes)
}

/** Makes the error for a body, or a part of a form, that is longer than its reader allows. */
export function tooLong(maxBytes: number): HTTPError {
  return HTTPError.withoutStack(413, `Cannot read more than ${maxBytes} bytes`)
}

/** Makes the error for a second reading. */
export function readTwice(): TypeError {
  return new TypeError('Cannot read a request body twice')
}

const DEFAULT_SIZE_OPTIONS: SizeOptions = { maxBytes: Infinity }
const SIZE_OPTION_RULES: OptionRules<SizeOptions> = { maxBytes: byteCount({ endless: true }) }
