import type { WaitingOptions } from '../interfaces/policy.ts'
import type {
  AcceptOptions,
  ConnectTCPOptions,
  ListenTCPOptions,
  ListenUNIXOptions,
} from '../interfaces/reactor.ts'
import { POLICY } from '../options/object-rules.ts'
import {
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
import { TRANSPORT_RULES } from './transport-options.ts'

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
