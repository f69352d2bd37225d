import { bytesOf, type Expected, type TestCase } from '../cases/test-case.ts'
import type { Ending, PeerEvent } from '../driver/peer.ts'

/**
 * What a case shows about the peer:
 *
 * - `OK`: it did what the RFC asks.
 * - `NON-STRICT`: it conforms, but another behaviour is better.
 * - `INFORMATIONAL`: the RFC leaves the behaviour open.
 * - `UNIMPLEMENTED`: it did not agree on the compression that the case needs.
 * - `FAILED`: it broke the RFC or a limit of the case.
 */
export type Outcome = 'OK' | 'NON-STRICT' | 'INFORMATIONAL' | 'UNIMPLEMENTED' | 'FAILED'

/** The outcome of a case. */
export interface Result {
  readonly id: string
  readonly title: string
  readonly outcome: Outcome
  /** What went wrong; empty when nothing did. */
  readonly reason: string
  readonly ms: number
}

/** Judges what a peer did. */
export function judge(
  testCase: TestCase,
  events: readonly PeerEvent[],
  ending: Ending,
): Pick<Result, 'outcome' | 'reason'> {
  if (testCase.informational === true) return { outcome: 'INFORMATIONAL', reason: summary(events, ending) }
  const fault = faultOf(testCase, ending)
  if (fault !== undefined) return { outcome: 'FAILED', reason: `${fault} (${summary(events, ending)})` }
  if (matches(events, testCase.expected)) return { outcome: 'OK', reason: '' }
  const reason = `The events differ: ${summary(events, ending)}`
  const tolerated = testCase.nonStrict?.some((list) => matches(events, list)) ?? false
  return { outcome: tolerated ? 'NON-STRICT' : 'FAILED', reason }
}

/** Whether events are those that a case expects. */
export function matches(events: readonly PeerEvent[], expected: readonly Expected[]): boolean {
  return events.length === expected.length && events.every((event, at) => isEqual(event, expected[at]))
}

function isEqual(event: PeerEvent, expected: Expected | undefined): boolean {
  if (expected === undefined || event.type !== expected.type) return false
  if ('payload' in event) return 'payload' in expected && event.payload.equals(bytesOf(expected.payload))
  if (event.type === 'wait') return expected.type === 'wait' && event.name === expected.name
  return expected.type === 'exchanged' && event.messages === expected.messages
}

function faultOf({ end }: TestCase, ending: Ending): string | undefined {
  if (ending.violation !== undefined) return ending.violation
  if (ending.droppedByUs) return 'The peer did not end the connection in time'
  if (ending.closedBy !== end.closedBy) return `The connection was closed first by ${ending.closedBy}`
  if (end.clean && !ending.clean) return 'The connection ended without a closing handshake'
  const { peerCode } = ending
  if (peerCode !== undefined && !end.codes.includes(peerCode))
    return `The close frame had the code ${peerCode}`
  return undefined
}

function summary(events: readonly PeerEvent[], { closedBy, peerCode, clean }: Ending): string {
  const shown = events.slice(0, 4).map((event) => {
    if (event.type === 'wait') return `wait ${event.name}`
    if (event.type === 'exchanged') return `${event.messages} messages`
    return `${event.type} of ${event.payload.length} bytes`
  })
  if (events.length > shown.length) shown.push(`${events.length - shown.length} more`)
  return `${shown.join(', ') || 'no event'}; closed by ${closedBy} with ${peerCode ?? 'no code'}${clean ? '' : ', unclean'}`
}
