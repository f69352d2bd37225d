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
  bytes,
  count,
  flag,
  having,
  listOf,
  milliseconds,
  type OptionRule,
  type OptionRules,
  optionsOf,
  text,
} from '../options/option-rules.ts'

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

/** What `listenTCP` accepts. */
export const LISTEN_TCP_RULES: OptionRules<ListenTCPOptions> = {
  ...ACCEPT_RULES,
  interface: text,
  backlog: count({ least: 1 }),
  ipv6Only: flag,
}

/** What `listenUNIX` accepts. */
export const LISTEN_UNIX_RULES: OptionRules<ListenUNIXOptions> = {
  ...ACCEPT_RULES,
  backlog: count({ least: 1 }),
  mode: count({ most: 0o777 }),
  removeStale: flag,
}

/** What `connectTCP` accepts. */
export const CONNECT_TCP_RULES: OptionRules<ConnectTCPOptions> = {
  timeoutMs: milliseconds({ endless: true }),
  bindAddress: text,
  policies: POLICIES,
  transport: optionsOf(TRANSPORT_RULES),
}

const { bindAddress: _ofTCP, ...CONNECT_UNIX } = CONNECT_TCP_RULES
/** What `connectUNIX` accepts. */
export const CONNECT_UNIX_RULES: OptionRules<Omit<ConnectTCPOptions, 'bindAddress'>> = CONNECT_UNIX

/** What node:net calls the same. */
export const NODE_NAMES: Readonly<Record<string, string>> = {
  host: 'interface',
  hostname: 'interface',
  address: 'interface',
  localAddress: 'bindAddress',
  timeout: 'timeoutMs',
}
