import type { ListenMulticastOptions, ListenUDPOptions } from '../interfaces/datagram.ts'
import { bytes, count, flag, type OptionRules, text } from '../options/option-rules.ts'

/** What `listenUDP` accepts. */
export const LISTEN_UDP_RULES: OptionRules<ListenUDPOptions> = {
  interface: text,
  maxPacketBytes: bytes({ endless: true }),
  maxBufferedBytes: bytes({ endless: true }),
  maxPending: count({ least: 1, endless: true }),
  reuseAddress: flag,
  ipv6Only: flag,
}

const { reuseAddress: _listenMultiple, ...SHARED_RULES } = LISTEN_UDP_RULES
/** What `listenMulticast` accepts. */
export const LISTEN_MULTICAST_RULES: OptionRules<ListenMulticastOptions> = {
  ...SHARED_RULES,
  listenMultiple: flag,
}
