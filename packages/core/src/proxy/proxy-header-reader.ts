import type { ByteQueue } from '../bytes/byte-queue.ts'
import { LineTooLongError } from '../bytes/remote-error.ts'
import { ProxyProtocolError } from '../errors.ts'
import { checkOptions } from '../options/check-options.ts'
import { anything, byteCount, listOf, type OptionRules } from '../options/option-rules.ts'
import type { ProxyHeader, ProxyVersion } from './proxy-header.ts'
import { parseProxyV1 } from './proxy-v1.ts'
import { FIXED_BYTES, parseProxyV2, PROXY_V2_SIGNATURE, proxyV2Length } from './proxy-v2.ts'

/** Which headers are accepted. */
export interface ProxyHeaderReaderOptions {
  /** The versions accepted. Default both. */
  readonly versions?: readonly ProxyVersion[] | undefined
  /** Longest header of version 2, at least 536 bytes; a header of version 1 has at most 107 bytes. Default 4 096. */
  readonly maxHeaderBytes?: number | undefined
}

/**
 * Reads the header that a proxy sends before a connection's bytes.
 *
 * @example
 * ```ts
 * import { ByteQueue } from '@ropewalk/core/bytes'
 * import { ProxyHeaderReader } from '@ropewalk/core/proxy'
 *
 * const input = new ByteQueue()
 * input.push(Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n'))
 * console.log(new ProxyHeaderReader().next(input)?.addresses?.source)
 * ```
 *
 * ```text
 * { type: 'TCP', family: 4, host: '192.0.2.1', port: 5000 }
 * ```
 */
export class ProxyHeaderReader {
  readonly #versions: readonly ProxyVersion[]
  readonly #maxHeaderBytes: number

  /**
   * @throws {TypeError} when `versions` is empty, or holds anything but 1 and 2.
   * @throws {RangeError} when `maxHeaderBytes` is too small.
   */
  constructor(options: ProxyHeaderReaderOptions = {}) {
    checkOptions('ProxyHeaderReader', options, PROXY_HEADER_READER_RULES)
    const { versions = [1, 2], maxHeaderBytes = 4096 } = options
    if (versions.length === 0 || !versions.every((version) => version === 1 || version === 2)) {
      throw new TypeError(`Cannot read PROXY headers of versions [${versions.join(', ')}]: give 1, 2 or both`)
    }
    this.#versions = versions
    this.#maxHeaderBytes = maxHeaderBytes
  }

  /**
   * Takes the header from the front of `input`; the remaining bytes belong to the protocol after it.
   *
   * @returns undefined when the header is incomplete; nothing is taken then.
   * @throws {ProxyProtocolError} as soon as the bytes received cannot become a valid header.
   */
  next(input: ByteQueue): ProxyHeader | undefined {
    const version = this.#versionOf(input)
    if (version === undefined) return undefined
    return version === 1 ? takeV1(input) : this.#takeV2(input)
  }

  /** Returns the version of the signature received; undefined while the signature is incomplete. */
  #versionOf(input: ByteQueue): ProxyVersion | undefined {
    const start = input.peek(Math.min(input.length, PROXY_V2_SIGNATURE.length)) ?? Buffer.alloc(0)
    const version = this.#versions.find((candidate) => agree(SIGNATURES[candidate], start))
    if (version !== undefined) return start.length < SIGNATURES[version].length ? undefined : version
    const quoted = JSON.stringify(start.toString('latin1'))
    const wanted = this.#versions.join(' or ')
    throw new ProxyProtocolError(
      'not-a-header',
      `Cannot find a PROXY header of version ${wanted} in ${quoted}`,
    )
  }

  #takeV2(input: ByteQueue): ProxyHeader | undefined {
    const fixed = input.peek(FIXED_BYTES)
    if (fixed === undefined) return undefined
    const whole = input.takeExactly(proxyV2Length(fixed, this.#maxHeaderBytes))
    return whole === undefined ? undefined : parseProxyV2(whole)
  }
}

function takeV1(input: ByteQueue): ProxyHeader | undefined {
  try {
    const line = input.takeLine(MAX_LINE_BYTES - CRLF_BYTES)
    return line === undefined ? undefined : parseProxyV1(line.toString('latin1'))
  } catch (error) {
    if (!(error instanceof LineTooLongError)) throw error
    throw new ProxyProtocolError('line-too-long', `Cannot find the end of a line in ${MAX_LINE_BYTES} bytes`)
  }
}

/** Whether the shorter of the two is a prefix of the longer one. */
function agree(one: Buffer, other: Buffer): boolean {
  const length = Math.min(one.length, other.length)
  return one.subarray(0, length).equals(other.subarray(0, length))
}

const SIGNATURES: Readonly<Record<ProxyVersion, Buffer>> = { 1: Buffer.from('PROXY '), 2: PROXY_V2_SIGNATURE }
const MAX_LINE_BYTES = 107
const CRLF_BYTES = 2
/** The header length that the PROXY protocol specification requires every receiver to support. */
const LEAST_MAX_HEADER_BYTES = 536
/** The rules for the options of `ProxyHeaderReader`. */
export const PROXY_HEADER_READER_RULES: OptionRules<ProxyHeaderReaderOptions> = {
  versions: listOf(anything),
  maxHeaderBytes: byteCount({ least: LEAST_MAX_HEADER_BYTES }),
}
