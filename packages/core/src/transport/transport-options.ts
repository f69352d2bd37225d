import type { WaitingOptions } from '../interfaces/policy.ts'
import type {
  AcceptOptions,
  ConnectTCPOptions,
  ListenTCPOptions,
  ListenUNIXOptions,
} from '../interfaces/reactor.ts'
import type { TransportOptions } from '../interfaces/transport.ts'
import { type GivenOptions, withDefaults } from '../options/check-options.ts'
import { POLICY } from '../options/object-rules.ts'
import {
  byteCount,
  count,
  flag,
  having,
  listOf,
  milliseconds,
  type OptionRule,
  type OptionRules,
  optionsOf,
  filledText,
} from '../options/option-rules.ts'

/** The default options of a transport. */
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

/** The rules for the options of a transport. Where Infinity is accepted, it means no limit. */
export const TRANSPORT_RULES: OptionRules<TransportOptions> = {
  highWaterBytes: byteCount({ endless: true }),
  lowWaterBytes: byteCount({ endless: true }),
  maxBufferedBytes: byteCount({ endless: true }),
  readAheadBytes: byteCount(),
  departureGraceMs: milliseconds(),
  writeStallMs: milliseconds({ endless: true }),
  minBytesPerSecond: byteCount({ least: 1 }),
  lingerMs: milliseconds(),
  lingerTotalMs: milliseconds(),
}

/**
 * Returns the defaults, overridden by `options`. Without options it returns the defaults object itself, so
 * that many idle connections share it.
 *
 * @throws {TypeError | RangeError} when an option is unknown, of the wrong type or out of range.
 */
export function transportOptions(options: GivenOptions<TransportOptions> | undefined): TransportOptions {
  return withDefaults('a transport', DEFAULT_TRANSPORT_OPTIONS, options, TRANSPORT_RULES)
}

/** A port number, 0 for any free one. */
export const PORT: OptionRule = count({ most: 65_535 })

const POLICIES = listOf(POLICY)

const WAITING_RULES: OptionRules<WaitingOptions> = {
  maxWaiting: count({ endless: true }),
  maxWaitMs: milliseconds(),
  overflow: having('a factory', 'buildProtocol'),
}

const ACCEPT_RULES: OptionRules<AcceptOptions> = {
  ...WAITING_RULES,
  maxConnections: count({ endless: true }),
  policies: POLICIES,
  transport: optionsOf(TRANSPORT_RULES),
}

/** The rules for the options of `listenTCP`. */
export const LISTEN_TCP_RULES: OptionRules<ListenTCPOptions> = {
  ...ACCEPT_RULES,
  interface: filledText,
  backlog: count({ least: 1 }),
  ipv6Only: flag,
}

/** The rules for the options of `listenUNIX`. */
export const LISTEN_UNIX_RULES: OptionRules<ListenUNIXOptions> = {
  ...ACCEPT_RULES,
  backlog: count({ least: 1 }),
  mode: count({ most: 0o777 }),
  removeStale: flag,
}

/** The rules for the options of `connectTCP`. */
export const CONNECT_TCP_RULES: OptionRules<ConnectTCPOptions> = {
  timeoutMs: milliseconds({ endless: true }),
  bindAddress: filledText,
  policies: POLICIES,
  transport: optionsOf(TRANSPORT_RULES),
}

const { bindAddress: _ofTCP, ...CONNECT_UNIX } = CONNECT_TCP_RULES
/** The rules for the options of `connectUNIX`. */
export const CONNECT_UNIX_RULES: OptionRules<Omit<ConnectTCPOptions, 'bindAddress'>> = CONNECT_UNIX

/** The names that node:net has for the same options, with the names used here. */
export const NODE_NAMES: Readonly<Record<string, string>> = {
  host: 'interface',
  hostname: 'interface',
  address: 'interface',
  localAddress: 'bindAddress',
  timeout: 'timeoutMs',
}
