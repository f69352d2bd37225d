import type { FlowLimits } from './tcp-sender.ts'
import type { LinkConditions } from './link.ts'
import { durationRange } from '../time/duration-range.ts'
import { byteCount, milliseconds, oneOf, type OptionRules, quantity } from '@ropewalk/core/options'

/** The rules for the conditions of a link. */
export const LINK_RULES: OptionRules<LinkConditions> = {
  latencyMs: durationRange('the shortest latency and the longest'),
  lossPerMille: quantity({ most: 1000 }),
  duplicatesPerMille: quantity({ most: 1000 }),
  bytesPerSecond: quantity({ least: 1, endless: true }),
}

/** The rules for the TCP limits of a host. */
export const FLOW_RULES: OptionRules<FlowLimits> = {
  sendBufferBytes: byteCount({ least: 1 }),
  receiveBufferBytes: byteCount({ least: 1 }),
  segmentBytes: byteCount({ least: 1 }),
  giveUpMs: milliseconds(),
  cuts: oneOf('anywhere', 'none'),
}
