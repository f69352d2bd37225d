import { FAULT_KINDS, type FaultPlan } from './faults.ts'
import type { FlowLimits } from './network/tcp-sender.ts'
import type { LinkConditions } from './network/network-rules.ts'
import type { Random } from './random.ts'
import type { RunConditions } from './reduction.ts'

/**
 * Draws the conditions of one run: many seeds together meet networks that are fast, slow, lossy or narrow,
 * clocks that differ, timers that are late, and events at the same time in any order. Half of the runs keep
 * each default.
 */
export function drawConditions(random: Random, plain: RunConditions): RunConditions {
  return {
    link: { ...plain.link, ...drawLink(random) },
    limits: { ...plain.limits, ...drawLimits(random) },
    disk: plain.disk,
    maxSkew: oneOf(random, [0, 0, 0.0001, 0.001, 0.01]),
    lateMs: oneOf(random, [0, 0, 2, 10, 50]),
    shufflesTies: random.chance(0.5),
  }
}

function drawLink(random: Random): LinkConditions {
  return {
    latencyMs: oneOf<LinkConditions['latencyMs']>(random, [
      [1, 20],
      [1, 20],
      [1, 20],
      [0.1, 0.5],
      [5, 5],
      [20, 60],
      [1, 150],
    ]),
    lossPerMille: oneOf(random, [0, 0, 0, 1, 5, 20, 50]),
    duplicatesPerMille: oneOf(random, [0, 0, 0, 5, 50]),
    bytesPerSecond: oneOf(random, [10_000_000, 10_000_000, 10_000_000, 100_000_000, 1_000_000, 200_000]),
  }
}

function drawLimits(random: Random): Partial<FlowLimits> {
  const bufferBytes = [65_536, 65_536, 65_536, 16_384, 262_144] as const
  return {
    sendBufferBytes: oneOf(random, bufferBytes),
    receiveBufferBytes: oneOf(random, bufferBytes),
    segmentBytes: oneOf(random, [1460, 1460, 1460, 536, 8960]),
    cuts: oneOf<FlowLimits['cuts']>(random, ['anywhere', 'anywhere', 'anywhere', 'none']),
  }
}

/**
 * Draws what a plan of faults leaves open: some kinds of faults only, because many kinds at a time hide each
 * other, how many, and how long.
 */
export function drawPlan(random: Random, plan: FaultPlan): FaultPlan {
  const kinds = FAULT_KINDS.filter(() => random.chance(0.5))
  const drawn = {
    most: oneOf(random, [5, 5, 2, 8]),
    longestMs: oneOf(random, [5000, 5000, 1500, 300]),
    kinds: kinds.length === 0 ? FAULT_KINDS : kinds,
  }
  const given = Object.entries(plan).filter(([, value]) => value !== undefined)
  return { ...drawn, withinMs: plan.withinMs, ...Object.fromEntries(given) }
}

/** The rate of one host's clock. */
export function drawClockRate(random: Random, maxSkew: number): number {
  return 1 + maxSkew * (2 * random.unit() - 1)
}

/**
 * Returns a function that delays timers as a busy program does: now and then it does not return to its event
 * loop for up to `longestMs` milliseconds, and the timers that are due meanwhile are called afterwards, in order.
 *
 * @param seed Of the host.
 */
export function lateTimers(seed: number, longestMs: number): (dueMs: number) => number {
  if (longestMs === 0) return (dueMs) => dueMs
  return (dueMs) => {
    const period = Math.floor(dueMs / PERIOD_MS)
    const startMs = period * PERIOD_MS + unitOf(seed, 2 * period) * (PERIOD_MS - longestMs)
    const endMs = startMs + unitOf(seed, 2 * period + 1) * longestMs
    if (dueMs < startMs || dueMs >= endMs) return dueMs
    // Not all at the same time, so that they keep their order.
    return endMs + (dueMs - startMs) * 1e-6
  }
}

/** A number from 0 to 1 that follows from two integers. */
function unitOf(seed: number, place: number): number {
  let mixed = Math.imul(seed ^ Math.imul(place + 1, 0x9e3779b1), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35)
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32
}

function oneOf<T>(random: Random, values: readonly [T, ...T[]]): T {
  return random.pick(values) ?? values[0]
}

/** A program is busy at most once in each period. */
const PERIOD_MS = 500
