import type { TransportOptions } from '../contracts/transport-options.ts'

/** What a transport does unless told otherwise. */
export const DEFAULT_TRANSPORT_OPTIONS: TransportOptions = {
  highWaterBytes: 65_536,
  lowWaterBytes: 16_384,
  maxBufferedBytes: 16 * 1024 * 1024,
  readAheadBytes: 65_536,
  writeStallMs: 60_000,
  lingerMs: 2_000,
  lingerBytes: 65_536,
}

/** The defaults, where `options` say nothing else: without any, not a copy, for the sake of many idle connections. */
export function transportOptions(options: Partial<TransportOptions> | undefined): TransportOptions {
  if (options === undefined) return DEFAULT_TRANSPORT_OPTIONS
  return { ...DEFAULT_TRANSPORT_OPTIONS, ...options }
}
