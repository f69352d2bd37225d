import type { TransportOptions } from '../interfaces/transport.ts'
import { type GivenOptions, withDefaults } from '../options/check-options.ts'
import { bytes, milliseconds, type OptionRules } from '../options/option-rules.ts'

/** What a transport does unless told otherwise. */
export const DEFAULT_TRANSPORT_OPTIONS: TransportOptions = {
  highWaterBytes: 65_536,
  lowWaterBytes: 16_384,
  maxBufferedBytes: 16 * 1024 * 1024,
  readAheadBytes: 65_536,
  departureGraceMs: 5_000,
  writeStallMs: 60_000,
  minBytesPerSecond: 2_000,
  lingerMs: 2_000,
  lingerTotalMs: 30_000,
}

/** What the options of a transport may be. Infinity sets no limit where it is accepted. */
export const TRANSPORT_RULES: OptionRules<TransportOptions> = {
  highWaterBytes: bytes({ endless: true }),
  lowWaterBytes: bytes({ endless: true }),
  maxBufferedBytes: bytes({ endless: true }),
  readAheadBytes: bytes(),
  departureGraceMs: milliseconds(),
  writeStallMs: milliseconds({ endless: true }),
  minBytesPerSecond: bytes({ least: 1 }),
  lingerMs: milliseconds(),
  lingerTotalMs: milliseconds(),
}

/**
 * The defaults, replaced by what `options` give: without any, not a copy, for the sake of many idle connections.
 *
 * @throws {TypeError | RangeError} for an option that is not one, or has a value that it cannot have.
 */
export function transportOptions(options: GivenOptions<TransportOptions> | undefined): TransportOptions {
  return withDefaults('a transport', DEFAULT_TRANSPORT_OPTIONS, options, TRANSPORT_RULES)
}
