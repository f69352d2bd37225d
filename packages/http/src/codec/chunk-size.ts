import { RemoteProtocolError } from '../errors.ts'
import { HEX_VALUE } from './byte-class.ts'

/** A chunk's first line. */
export interface ChunkSize {
  readonly bytes: number
  /** Bytes of the line behind the size, and of the size what is more than MAX_SIZE_DIGITS. */
  readonly extensionBytes: number
}

/**
 * Reads a chunk's first line, CRLF not included: a size in hexadecimal, then extensions, which are
 * checked and ignored.
 *
 *     1a3F ; name = value ; other = "quoted \" value"
 *
 * @param line Bytes of field content, as latin1.
 * @throws {RemoteProtocolError}
 * @see RFC 9112 §7.1, §7.1.1
 */
export function parseChunkSize(line: string): ChunkSize {
  let bytes = 0
  let at = 0
  for (; at < line.length; at++) {
    const digit = HEX_VALUE[line.charCodeAt(at)] ?? 0xff
    if (digit === 0xff) break
    bytes = bytes * 16 + digit
    if (bytes > Number.MAX_SAFE_INTEGER) {
      throw new RemoteProtocolError('body-too-large', `Cannot count to chunk size "${line.slice(0, 80)}"`)
    }
  }
  const extensions = line.slice(at)
  if (at === 0 || !EXTENSIONS.test(extensions)) {
    throw new RemoteProtocolError('malformed-chunk', `Cannot read chunk size from "${line.slice(0, 80)}"`)
  }
  return { bytes, extensionBytes: line.length - Math.min(at, MAX_SIZE_DIGITS) }
}

/** More digits than any size needs; leading zeros beyond them are charged like an extension. */
export const MAX_SIZE_DIGITS = 32

/** chunk-ext, each alternative beginning with another character, so that matching is linear. */
const EXTENSIONS =
  /^(?:[\t ]*;[\t ]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[\t ]*=[\t ]*(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)*$/
