import type zlib from 'node:zlib'
import {
  byteCount,
  type GivenOptions,
  type OptionRules,
  quantity,
  withDefaults,
} from '@ropewalk/core/options'
import { HTTPError } from '../errors.ts'
import { type BodyRequest, tooLong } from './body-pieces.ts'
import { nodeZlib } from '../message/node-zlib.ts'
import { contentCodings, ReadableBody } from './readable-body.ts'

/** The limits of decoding a body. */
export interface DecodingOptions {
  /** Most bytes of the decoded body. Beyond it: 413. Infinity for no limit. Default 1 MiB. */
  readonly maxBytes: number
  /**
   * Most decoded bytes for each byte that was sent, once 64 KiB are decoded. Beyond it: 413. Infinity for no limit.
   * Default 100.
   */
  readonly maxRatio: number
}

const DEFAULT_DECODING_OPTIONS: DecodingOptions = { maxBytes: 1024 * 1024, maxRatio: 100 }
const DECODING_OPTION_RULES: OptionRules<DecodingOptions> = {
  maxBytes: byteCount({ endless: true }),
  maxRatio: quantity({ least: 1, endless: true }),
}

/** A body that is read through another one. */
export interface CodedBody {
  /** Returns the pieces as they arrive. */
  pieces(): AsyncGenerator<Buffer, void, undefined>
  /** Whether reading failed with `error` because the client, or a deadline, ended the body. */
  isFailure(error: unknown): boolean
  /** Whether reading has begun. */
  isUsed(): boolean
}

/**
 * The body of a request with its Content-Encoding undone, piece by piece: what is decoded and not yet read stays below
 * 100 kB.
 *
 * Reading fails with an HTTPError beyond its limits (413), for a coding that is not supported or for several (415), and
 * when the bytes do not have the coding (400).
 *
 * @see RFC 9110 §8.4
 */
export class DecodedBody extends ReadableBody {
  /** The length after decoding is not known before. */
  readonly expectedBytes: undefined
  readonly #body: CodedBody
  readonly #request: BodyRequest
  readonly #options: DecodingOptions

  /** `decoded` of a body calls this. */
  constructor(body: CodedBody, request: BodyRequest, options: GivenOptions<DecodingOptions> | undefined) {
    super(request)
    this.#options = withDefaults('decoded', DEFAULT_DECODING_OPTIONS, options, DECODING_OPTION_RULES)
    this.#body = body
    this.#request = request
  }

  /** Whether reading has begun, of this body or of the one that it decodes. */
  get used(): boolean {
    return this.#body.isUsed()
  }

  protected override async *pieces(): AsyncGenerator<Buffer, void, undefined> {
    const make = decoderFor(contentCodings(this.#request.requestHeaders))
    const budget = new Budget(this.#options)
    const pieces = this.#body.pieces()
    yield* make === undefined ? counted(pieces, budget) : decode(pieces, make(), budget)
  }

  protected override isFailure(error: unknown): boolean {
    return this.#body.isFailure(error)
  }

  protected override codings(): readonly string[] {
    return []
  }
}

/** Counts the bytes before and after decoding. */
class Budget {
  readonly #options: DecodingOptions
  #sentBytes = 0
  #decodedBytes = 0

  constructor(options: DecodingOptions) {
    this.#options = options
  }

  get sentBytes(): number {
    return this.#sentBytes
  }

  sent(piece: Buffer): void {
    this.#sentBytes += piece.length
  }

  /** @throws {HTTPError} 413 beyond a limit. */
  decoded(piece: Buffer): void {
    const { maxBytes, maxRatio } = this.#options
    this.#decodedBytes += piece.length
    if (this.#decodedBytes > maxBytes) throw tooLong(maxBytes)
    if (this.#decodedBytes <= RATIO_GRACE_BYTES || this.#decodedBytes <= maxRatio * this.#sentBytes) return
    throw HTTPError.withoutStack(413, `Cannot decode a body to more than ${maxRatio} times its length`)
  }
}

async function* counted(
  pieces: AsyncIterable<Buffer>,
  budget: Budget,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const piece of pieces) {
    budget.sent(piece)
    budget.decoded(piece)
    yield piece
  }
}

async function* decode(
  pieces: AsyncGenerator<Buffer, void, undefined>,
  decoder: Decoder,
  budget: Budget,
): AsyncGenerator<Buffer, void, undefined> {
  // Without a listener, an error after the last read would end the process.
  decoder.on('error', () => undefined)
  const feeding = feed(pieces, decoder, budget)
  try {
    for await (const piece of decoder as AsyncIterable<Buffer>) {
      budget.decoded(piece)
      yield piece
    }
    await feeding
    if (decoder.bytesWritten < budget.sentBytes) throw malformedCoding('bytes follow its end')
  } catch (error) {
    // The decoder's own errors have a code; those of the body pass as they are.
    throw isDecoderError(error) ? malformedCoding(error.message) : error
  } finally {
    decoder.destroy()
    // It is not awaited: a piece that is awaited at the same time may never arrive.
    pieces.return().catch(() => undefined)
  }
}

/** Writes the pieces to the decoder, as fast as it takes them. It never rejects: the decoder fails instead. */
async function feed(
  pieces: AsyncGenerator<Buffer, void, undefined>,
  decoder: Decoder,
  budget: Budget,
): Promise<void> {
  try {
    for await (const piece of pieces) {
      if (decoder.destroyed) return
      budget.sent(piece)
      if (!decoder.write(piece)) await writable(decoder)
    }
    decoder.end()
  } catch (error) {
    decoder.destroy(error instanceof Error ? error : new Error(String(error)))
  }
}

function writable(decoder: Decoder): Promise<void> {
  return new Promise((resolve) => {
    const settled = (): void => {
      decoder.off('drain', settled).off('close', settled)
      resolve()
    }
    decoder.on('drain', settled).on('close', settled)
  })
}

function malformedCoding(what: string): HTTPError {
  return HTTPError.withoutStack(400, `Cannot decode the body: ${what}`)
}

function isDecoderError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^(?:Z_|ERR_|ZSTD_)/.test(String(error.code))
}

/**
 * Returns how to make the decoder for the codings of a body; undefined without one.
 *
 * @throws {HTTPError} 415 with Accept-Encoding for other codings, and for several: no client applies two, and each
 *   would multiply the size.
 * @see RFC 9110 §15.5.16
 */
function decoderFor(codings: readonly string[]): (() => Decoder) | undefined {
  const [coding] = codings
  if (coding === undefined) return undefined
  const make = codings.length === 1 ? nodeDecoders().get(coding) : undefined
  if (make !== undefined) return make
  throw HTTPError.withoutStack(415, `Cannot decode Content-Encoding ${codings.join(', ').slice(0, 80)}`, {
    headers: [['Accept-Encoding', [...nodeDecoders().keys()].filter((name) => name !== 'x-gzip').join(', ')]],
  })
}

type Decoder = ReturnType<typeof zlib.createGunzip>

/** How to make the decoder of each coding. It is found out once: a trial shows what zstd of this Node accepts. */
function nodeDecoders(): ReadonlyMap<string, () => Decoder> {
  return (DECODERS.made ??= findDecoders())
}

const DECODERS: { made?: ReadonlyMap<string, () => Decoder> } = {}

function findDecoders(): ReadonlyMap<string, () => Decoder> {
  const zlib = nodeZlib()
  return new Map<string, () => Decoder>([
    ['gzip', () => zlib.createGunzip()],
    ['x-gzip', () => zlib.createGunzip()],
    ['deflate', () => zlib.createInflate()],
    ['br', () => zlib.createBrotliDecompress()],
    ...zstd(),
  ])
}

/**
 * zstd, where Node notices that a body ends too early: from version 24 on.
 * Node 22.15 and later has zstd, but takes a truncated frame for a whole one.
 * RFC 9659 limits the window to 8 MiB.
 */
function zstd(): [string, () => Decoder][] {
  const zlib = nodeZlib()
  const create: unknown = Reflect.get(zlib, 'createZstdDecompress')
  if (typeof create !== 'function' || acceptsTruncatedZstd()) return []
  const params = { [Reflect.get(zlib.constants, 'ZSTD_d_windowLogMax') as number]: 23 }
  return [['zstd', () => Reflect.apply(create, zlib, [{ params }]) as Decoder]]
}

/** Whether Node decodes four bytes of magic number, and nothing after them, without an error. */
function acceptsTruncatedZstd(): boolean {
  const zlib = nodeZlib()
  try {
    Reflect.apply(Reflect.get(zlib, 'zstdDecompressSync') as () => unknown, zlib, [
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
    ])
    return true
  } catch {
    return false
  }
}

const RATIO_GRACE_BYTES = 65_536
