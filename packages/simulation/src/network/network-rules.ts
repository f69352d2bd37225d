import type { FlowLimits } from './tcp-sender.ts'
import type { LinkConditions } from './link.ts'
import {
  byteCount,
  listOf,
  milliseconds,
  oneOf,
  type OptionRule,
  type OptionRules,
  quantity,
} from '@ropewalk/core/options'

/** Two numbers of milliseconds: the shortest and the longest latency. */
const latency: OptionRule = (value) => {
  const problem = listOf(milliseconds())(value)
  if (problem !== undefined) return problem
  const [shortest = 0, longest = 0, ...more] = value as readonly number[]
  const isRange = (value as readonly number[]).length === 2 && more.length === 0 && shortest <= longest
  return isRange ? undefined : { kind: 'range', wanted: 'the shortest latency and the longest' }
}

/** The rules for the conditions of a link. */
export const LINK_RULES: OptionRules<LinkConditions> = {
  latencyMs: latency,
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
