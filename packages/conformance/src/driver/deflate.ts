import {
  constants,
  createDeflateRaw,
  createInflateRaw,
  deflateRawSync,
  type DeflateRaw,
  inflateRawSync,
  type InflateRaw,
} from 'node:zlib'
import { PeerViolation } from './frame.ts'

/** The parameters of permessage-deflate for both directions (RFC 7692 §7.1). */
export interface Agreement {
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  readonly serverMaxWindowBits: number
  readonly clientMaxWindowBits: number
}

/** The parameters of an offer or a response as they were sent; `true` for a parameter without a value. */
export type DeflateParameters = Readonly<Record<string, string | true>>

/** Writes an offer or a response. */
export function deflateHeader(parameters: DeflateParameters): string {
  const parts = Object.entries(parameters).map(([name, value]) =>
    value === true ? name : `${name}=${value}`,
  )
  return ['permessage-deflate', ...parts].join('; ')
}

/**
 * Reads the permessage-deflate elements of Sec-WebSocket-Extensions, in order.
 *
 * @throws {PeerViolation} when a parameter is unknown, repeated or malformed.
 */
export function readDeflate(header: string): readonly DeflateParameters[] {
  const elements = header.split(',').map((element) => element.split(';').map((part) => part.trim()))
  return elements
    .filter(([name]) => name === 'permessage-deflate')
    .map(([, ...parts]) => readParameters(parts))
}

/**
 * Returns what a response to an offer agrees on (RFC 7692 §7.1).
 *
 * @throws {PeerViolation} when the response contains what the offer does not allow.
 */
export function agreementOf(offer: DeflateParameters, response: DeflateParameters): Agreement {
  if (CLIENT_BITS in response && !(CLIENT_BITS in offer)) {
    throw new PeerViolation('client_max_window_bits was accepted but not offered')
  }
  if (response[CLIENT_BITS] === true || response[SERVER_BITS] === true) {
    throw new PeerViolation('max_window_bits was accepted without a value')
  }
  if (windowBits(response[CLIENT_BITS]) > windowBits(offer[CLIENT_BITS]) && CLIENT_BITS in response) {
    throw new PeerViolation('client_max_window_bits was larger than offered')
  }
  const offered = windowBits(offer[SERVER_BITS])
  const serverMaxWindowBits = windowBits(response[SERVER_BITS])
  if (serverMaxWindowBits > offered) throw new PeerViolation('server_max_window_bits was ignored')
  if (SERVER_NO_TAKEOVER in offer && !(SERVER_NO_TAKEOVER in response)) {
    throw new PeerViolation('server_no_context_takeover was ignored')
  }
  return {
    serverNoContextTakeover: SERVER_NO_TAKEOVER in response,
    clientNoContextTakeover: CLIENT_NO_TAKEOVER in response,
    serverMaxWindowBits,
    clientMaxWindowBits: windowBits(response[CLIENT_BITS]),
  }
}

/** Compresses and decompresses the messages of one connection. */
export class MessageDeflate {
  readonly #sending: Direction
  readonly #receiving: Direction
  #deflate: DeflateRaw | undefined
  #inflate: InflateRaw | undefined

  constructor(role: 'client' | 'server', agreement: Agreement) {
    const client = { takeover: !agreement.clientNoContextTakeover, bits: agreement.clientMaxWindowBits }
    const server = { takeover: !agreement.serverNoContextTakeover, bits: agreement.serverMaxWindowBits }
    this.#sending = role === 'client' ? client : server
    this.#receiving = role === 'client' ? server : client
  }

  /** Compresses a message, without the tail 00 00 ff ff. */
  async compress(message: Uint8Array): Promise<Buffer> {
    const options = { windowBits: zlibBits(this.#sending), finishFlush: constants.Z_SYNC_FLUSH }
    if (!this.#sending.takeover) return deflateRawSync(message, options).subarray(0, -4)
    this.#deflate ??= createDeflateRaw(options)
    const compressed = await passed(this.#deflate, message)
    return compressed.subarray(0, -4)
  }

  /**
   * Decompresses a message.
   *
   * @throws {PeerViolation} (rejects) when it is not DEFLATE within the window that was agreed.
   */
  async decompress(compressed: Uint8Array): Promise<Buffer> {
    const options = { windowBits: zlibBits(this.#receiving), finishFlush: constants.Z_SYNC_FLUSH }
    const whole = Buffer.concat([compressed, TAIL])
    try {
      if (!this.#receiving.takeover) return inflateRawSync(whole, options)
      this.#inflate ??= createInflateRaw(options)
      return await passed(this.#inflate, whole)
    } catch (error) {
      throw new PeerViolation('A compressed message was malformed', { cause: error })
    }
  }

  /** Frees the memory of zlib. */
  close(): void {
    this.#deflate?.close()
    this.#inflate?.close()
  }
}

/** One direction of a connection. */
interface Direction {
  readonly takeover: boolean
  readonly bits: number
}

/** Passes data through a stream of zlib, and returns what comes out up to a flush. */
function passed(stream: DeflateRaw | InflateRaw, data: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    const collect = (piece: Buffer): number => pieces.push(piece)
    stream.on('data', collect)
    stream.once('error', reject)
    stream.write(data)
    stream.flush(constants.Z_SYNC_FLUSH, () => {
      stream.off('data', collect)
      stream.off('error', reject)
      resolve(Buffer.concat(pieces))
    })
  })
}

function readParameters(parts: readonly string[]): DeflateParameters {
  const parameters: Record<string, string | true> = {}
  for (const part of parts) {
    const [name = '', value] = part.split('=', 2).map((text) => text.trim())
    if (name in parameters) throw new PeerViolation(`The parameter ${name} was repeated`)
    if (!isValid(name, value)) throw new PeerViolation(`The parameter ${part} is malformed`)
    parameters[name] = value?.replaceAll('"', '') ?? true
  }
  return parameters
}

function isValid(name: string, value: string | undefined): boolean {
  if (name === SERVER_NO_TAKEOVER || name === CLIENT_NO_TAKEOVER) return value === undefined
  if (name === CLIENT_BITS && value === undefined) return true
  return (name === SERVER_BITS || name === CLIENT_BITS) && /^"?(?:[89]|1[0-5])"?$/.test(value ?? '')
}

function windowBits(value: string | true | undefined): number {
  return value === undefined || value === true ? 15 : Number(value)
}

/** zlib refuses 8 bits for raw DEFLATE; with 9 it reaches back 250 bytes at most, which 8 bits allow. */
function zlibBits({ bits }: Direction): number {
  return Math.max(bits, 9)
}

/** The names of the parameters (RFC 7692 §7.1). */
export const [SERVER_NO_TAKEOVER, CLIENT_NO_TAKEOVER, SERVER_BITS, CLIENT_BITS]: readonly [
  'server_no_context_takeover',
  'client_no_context_takeover',
  'server_max_window_bits',
  'client_max_window_bits',
] = [
  'server_no_context_takeover',
  'client_no_context_takeover',
  'server_max_window_bits',
  'client_max_window_bits',
]
const TAIL = Buffer.from([0, 0, 0xff, 0xff])
