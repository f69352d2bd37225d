import type { FlowLimits } from './tcp-sender.ts'
import { durationRange } from '../time/duration-range.ts'
import { byteCount, milliseconds, oneOf, type OptionRules, quantity } from '@ropewalk/core/options'

/** Latency, loss and bandwidth from one host to another. */
export interface LinkConditions {
  /** Shortest and longest latency, in milliseconds. Each packet gets a random latency in this range. */
  readonly latencyMs: readonly [number, number]
  /** Packets lost per thousand. A lost TCP segment is retransmitted later. */
  readonly lossPerMille: number
  /** Datagrams duplicated per thousand. */
  readonly duplicatesPerMille: number
  /** Bandwidth in bytes per second. Packets queue until those sent before them have left. */
  readonly bytesPerSecond: number
}

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
