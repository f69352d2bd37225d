import { assertNever, type ByteQueue } from '@ropewalk/core/bytes'
import { RemoteProtocolError } from '../errors.ts'
import { TCHAR } from '../message/field-grammar.ts'
import { type BodyEvent, type BodyReader, bodyTooLarge } from './body-reader.ts'
import { FieldScanner } from './field-scanner.ts'
import { CR, CRLF_BYTES, FIELD_CONTENT, HEX_VALUE, hexByte, LF } from './grammar.ts'
import type { HTTPLimits } from './limits.ts'

/**
 * Decodes the chunked transfer coding (RFC 9112 §7.1).
 *
 *     size [extensions] CRLF   data CRLF   …   0 [extensions] CRLF   trailers   CRLF
 */
export class ChunkedReader implements BodyReader {
  readonly #limits: ChunkLimits
  #state: State = { is: 'size', scannedBytes: 0 }
  #maxBytes: number
  #bodyBytes = 0
  #extensionBytes = 0

  constructor(limits: ChunkLimits) {
    this.#limits = limits
    this.#maxBytes = limits.maxBodyBytes
  }

  get withinLimit(): boolean {
    return this.#bodyBytes <= this.#maxBytes
  }

  limit(maxBytes: number): void {
    this.#maxBytes = maxBytes
  }

  next(input: ByteQueue): BodyEvent | undefined {
    for (;;) {
      const state = this.#state
      switch (state.is) {
        case 'size': {
          const line = this.#peekSizeLine(input, state)
          if (line === undefined) return undefined
          this.#sizeRead(line)
          input.skip(line.length + CRLF_BYTES)
          break
        }
        case 'data': {
          const data = input.takeUpTo(state.leftBytes)
          if (data === undefined) return undefined
          const leftBytes = state.leftBytes - data.length
          this.#state = leftBytes === 0 ? DATA_END : { is: 'data', leftBytes }
          return { type: 'data', data }
        }
        case 'data-end':
          if (!takeLineEnd(input)) return undefined
          this.#state = { is: 'size', scannedBytes: 0 }
          break
        case 'trailers': {
          const trailers = takeTrailers(input, state)
          return trailers === undefined ? undefined : { type: 'end', trailers }
        }
        default:
          return assertNever(state)
      }
    }
  }

  #peekSizeLine(input: ByteQueue, state: { scannedBytes: number }): string | undefined {
    for (; state.scannedBytes < input.length; state.scannedBytes++) {
      const byte = input.byteAt(state.scannedBytes) ?? 0
      if (byte === CR) return peekEndedLine(input, state.scannedBytes)
      if (FIELD_CONTENT[byte] !== 1) throw malformed('a chunk size cannot hold', byte)
      if (state.scannedBytes > MAX_SIZE_DIGITS + this.#limits.maxChunkExtensionBytes)
        throw extensionsTooLarge(this.#limits.maxChunkExtensionBytes)
    }
    return undefined
  }

  #sizeRead(line: string): void {
    const { bytes, extensionBytes } = parseChunkSize(line)
    this.#extensionBytes += extensionBytes
    if (this.#extensionBytes > this.#limits.maxChunkExtensionBytes)
      throw extensionsTooLarge(this.#limits.maxChunkExtensionBytes)
    this.#bodyBytes += bytes
    if (!this.withinLimit) throw bodyTooLarge(this.#maxBytes)
    this.#state = bytes === 0 ? this.#trailers() : { is: 'data', leftBytes: bytes }
  }

  #trailers(): State {
    const { maxTrailerBytes, maxFieldCount } = this.#limits
    const limits = {
      maxBytes: maxTrailerBytes,
      maxCount: maxFieldCount,
      tooLarge: 'trailers-too-large',
    } as const
    return { is: 'trailers', scanner: new FieldScanner(limits), scannedBytes: 0 }
  }
}

/** @returns undefined until the LF has arrived too. */
function peekEndedLine(input: ByteQueue, length: number): string | undefined {
  const byte = input.byteAt(length + 1)
  if (byte === undefined) return undefined
  if (byte !== LF) throw malformed('CR cannot be followed by', byte)
  return input.peek(length)?.toString('latin1')
}

/** Takes the CRLF after a chunk's data; returns false until all of it has arrived. */
function takeLineEnd(input: ByteQueue): boolean {
  const first = input.byteAt(0)
  const second = input.byteAt(1)
  if (first !== undefined && first !== CR)
    throw malformed('the data is longer than its size, it continues with', first)
  if (second === undefined) return false
  if (second !== LF) throw malformed('CR cannot be followed by', second)
  input.skip(CRLF_BYTES)
  return true
}

function takeTrailers(
  input: ByteQueue,
  state: { readonly scanner: FieldScanner; scannedBytes: number },
): string[] | undefined {
  const bytes = input.view()
  state.scannedBytes = state.scanner.scan(bytes, state.scannedBytes)
  if (!state.scanner.complete) return undefined
  const fields = state.scanner.fields(bytes.toString('latin1', 0, state.scannedBytes))
  input.skip(state.scannedBytes)
  return fields
}

function malformed(what: string, byte: number): RemoteProtocolError {
  return new RemoteProtocolError('malformed-chunk', `Cannot read chunk: ${what} ${hexByte(byte)}`)
}

function extensionsTooLarge(maxBytes: number): RemoteProtocolError {
  return new RemoteProtocolError(
    'chunk-extensions-too-large',
    `Cannot accept more than ${maxBytes} bytes of chunk extensions`,
  )
}

/** The limits of a chunked body. */
type ChunkLimits = Pick<
  HTTPLimits,
  'maxBodyBytes' | 'maxFieldCount' | 'maxChunkExtensionBytes' | 'maxTrailerBytes'
>

/** The next part of the body; each state carries the data that only it needs. */
type State =
  | { readonly is: 'size'; scannedBytes: number }
  | { readonly is: 'data'; readonly leftBytes: number }
  | { readonly is: 'data-end' }
  | { readonly is: 'trailers'; readonly scanner: FieldScanner; scannedBytes: number }

/** The parsed first line of a chunk. */
export interface ChunkSize {
  readonly bytes: number
  /** Bytes of the line after the size, and digits of the size beyond MAX_SIZE_DIGITS. */
  readonly extensionBytes: number
}

/**
 * Parses a chunk's first line, CRLF not included: a size in hexadecimal, then extensions, which are
 * checked and ignored.
 *
 *     1a3F ; name = value ; other = "quoted \" value"
 *
 * @param line Bytes of field content, as latin1.
 * @throws {RemoteProtocolError} `malformed-chunk`; `body-too-large` for a size beyond
 *   Number.MAX_SAFE_INTEGER.
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
      throw new RemoteProtocolError('body-too-large', `Cannot accept chunk size "${line.slice(0, 80)}"`)
    }
  }
  const extensions = line.slice(at)
  if (at === 0 || !EXTENSIONS.test(extensions)) {
    throw new RemoteProtocolError('malformed-chunk', `Cannot read chunk size from "${line.slice(0, 80)}"`)
  }
  return { bytes, extensionBytes: line.length - Math.min(at, MAX_SIZE_DIGITS) }
}

/** More digits than any size needs. Leading zeros beyond them count as bytes of extensions. */
const MAX_SIZE_DIGITS = 32

const DATA_END: State = { is: 'data-end' }
const TOKEN = `${TCHAR.source}+`
const QUOTED_STRING = String.raw`"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"`
/** chunk-ext. Each alternative begins with a different character, so matching takes linear time. */
const EXTENSIONS = new RegExp(
  String.raw`^(?:[\t ]*;[\t ]*${TOKEN}(?:[\t ]*=[\t ]*(?:${TOKEN}|${QUOTED_STRING}))?)*$`,
)
