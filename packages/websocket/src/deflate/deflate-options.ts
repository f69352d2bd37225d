import {
  byteCount,
  count,
  flag,
  type GivenOptions,
  type OptionRule,
  type OptionRules,
  optionsOf,
} from '@ropewalk/core/options'

/** How messages are compressed (permessage-deflate, RFC 7692). */
export interface DeflateOptions {
  /**
   * The window of the server's compressor, as a power of two: 8 to 15, for 256 bytes to 32 KiB. A server uses
   * at most this, and less if the client asks for it. A client asks the server for it, and does not open the
   * WebSocket if the server does not agree. Default 12 on a server; 15 on a client, which asks for nothing.
   */
  readonly serverMaxWindowBits?: number | undefined
  /**
   * The window of the client's compressor: 8 to 15. A client uses at most this, and less if the server asks for
   * it. A server asks the client for it; a client that cannot limit its window uses 15. Default 12.
   */
  readonly clientMaxWindowBits: number
  /**
   * Whether the server's compressor refers to earlier messages. Without it each message is compressed alone,
   * and no memory is kept between messages. Default true, unless the other side asks for false.
   */
  readonly serverContextTakeover: boolean
  /** Whether the client's compressor refers to earlier messages. Default true, as `serverContextTakeover`. */
  readonly clientContextTakeover: boolean
  /** Shortest message that is compressed, in bytes, unless a send has `compress`. Default 1 024. */
  readonly thresholdBytes: number
  /** How hard the compressor tries: 1 (fast) to 9 (small). Default 5. */
  readonly level: number
  /** Memory of the compressor: 1 to 9, 2 ** (memLevel + 8) bytes besides its window and hash. Default 5. */
  readonly memLevel: number
  /**
   * Most compressors that WebSockets with the same options keep between messages. Beyond it the one not used
   * for the longest time is taken away: the next message of its WebSocket is compressed without reference to
   * earlier ones. Default 512.
   */
  readonly maxDeflaters: number
}

/** What a program gives for the option `deflate`. */
export type GivenDeflateOptions = boolean | GivenOptions<DeflateOptions>

/** How messages are compressed by default, if they are. */
export const DEFAULT_DEFLATE_OPTIONS: DeflateOptions = {
  serverMaxWindowBits: undefined,
  clientMaxWindowBits: 12,
  serverContextTakeover: true,
  clientContextTakeover: true,
  thresholdBytes: 1024,
  level: 5,
  memLevel: 5,
  maxDeflaters: 512,
}

/** The window of a server's compressor when `serverMaxWindowBits` is not given, on a server. */
export const SERVER_WINDOW_BITS = 12

/** The largest window (RFC 7692 §7.1.2). */
export const MAX_WINDOW_BITS = 15

const DEFLATE_OPTION_RULES: OptionRules<DeflateOptions> = {
  serverMaxWindowBits: count({ least: 8, most: MAX_WINDOW_BITS }),
  clientMaxWindowBits: count({ least: 8, most: MAX_WINDOW_BITS }),
  serverContextTakeover: flag,
  clientContextTakeover: flag,
  thresholdBytes: byteCount({ endless: true }),
  level: count({ least: 1, most: 9 }),
  memLevel: count({ least: 1, most: 9 }),
  maxDeflaters: count({ least: 1 }),
}

/** The rule of the option `deflate`. */
export const deflateRule: OptionRule = (value) => {
  if (typeof value === 'boolean') return undefined
  const problem = optionsOf(DEFLATE_OPTION_RULES)(value)
  return problem?.at === undefined && problem !== undefined
    ? { ...problem, wanted: 'true, false or an object, such as { level: 3 }' }
    : problem
}

/**
 * Fills in the defaults of an option that has been checked.
 *
 * @returns undefined when messages are not to be compressed.
 */
export function deflateOptions(given: GivenDeflateOptions): DeflateOptions | undefined {
  if (given === false) return undefined
  if (given === true) return DEFAULT_DEFLATE_OPTIONS
  const own = Object.entries(given).filter(([, value]) => value !== undefined)
  return { ...DEFAULT_DEFLATE_OPTIONS, ...Object.fromEntries(own) }
}
