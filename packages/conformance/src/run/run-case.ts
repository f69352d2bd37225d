import { setTimeout as sleep } from 'node:timers/promises'
import { partOf, type Sources } from '../cases/sources.ts'
import {
  bytesOf,
  type CaseFrame,
  type Messages,
  type Step,
  type TestCase,
  type Wait,
} from '../cases/test-case.ts'
import { type Frame, fragments, OPCODE, payloadOffset } from '../driver/frame.ts'
import type { Peer, PeerEvent } from '../driver/peer.ts'
import { judge, matches, type Result } from './verdict.ts'

/** How long the driver waits, in milliseconds. A wait ends early when what it waits for has happened. */
export interface Waits {
  /** For a peer that has no reason to react. It always passes. */
  readonly shortMs: number
  /** For a reaction: an event, or the end of the connection. */
  readonly longMs: number
  /** For the end of an exchange of many messages. */
  readonly exchangeMs: number
}

/** Waits long enough for a machine under load. */
export const WAITS: Waits = { shortMs: 40, longMs: 8_000, exchangeMs: 240_000 }

/** Runs one case on an open connection, and ends the connection. */
export async function runCase(
  testCase: TestCase,
  peer: Peer,
  sources: Sources,
  waits: Waits,
): Promise<Result> {
  const start = performance.now()
  for (const step of testCase.steps) {
    if (!peer.open) break
    await perform(step, peer, sources, waits)
  }
  const { end, expected } = testCase
  if (end.closedBy === 'us' && !peer.closeSent) {
    await peer.until(() => matches(peer.events, expected), waits.longMs)
    await peer.close(end.codes[0] ?? 1000)
  }
  const ending = await peer.ended(waits.longMs)
  const { id, title } = testCase
  return { id, title, ...judge(testCase, peer.events, ending), ms: Math.round(performance.now() - start) }
}

async function perform(step: Step, peer: Peer, sources: Sources, waits: Waits): Promise<void> {
  switch (step.do) {
    case 'send':
      return peer.send(step.frames.map(withBytes), step.chop)
    case 'send-fragments':
      return peer.send(fragments(step.opcode, bytesOf(step.payload), step.fragmentBytes))
    case 'send-cut':
      return sendCut(step, peer, waits)
    case 'wait':
      return wait(step.wait, peer, waits)
    case 'await-events':
      await peer.until(() => peer.events.length >= step.events, waits.longMs)
      return
    case 'exchange':
      return exchange(step.messages, peer, sources, waits)
  }
}

function withBytes({ payload, ...frame }: CaseFrame): Frame {
  return { ...frame, payload: payload === undefined ? undefined : bytesOf(payload) }
}

async function sendCut(
  { frame, cuts }: Extract<Step, { do: 'send-cut' }>,
  peer: Peer,
  waits: Waits,
): Promise<void> {
  const encoded = peer.encode(frame)
  const head = payloadOffset(encoded)
  let from = 0
  for (const cut of cuts) {
    await peer.sendBytes(encoded.subarray(from, head + cut.at))
    await wait(cut.wait, peer, waits)
    if (!peer.open) return
    from = head + cut.at
  }
  await peer.sendBytes(encoded.subarray(from))
}

async function wait({ name, length }: Wait, peer: Peer, { shortMs, longMs }: Waits): Promise<void> {
  if (length === 'short') await sleep(shortMs)
  else await peer.until(() => peer.ending, longMs / 4)
  if (!peer.ending) peer.events.push({ type: 'wait', name })
}

/** Sends the messages; records an `exchanged` event when all echoes were right, and the wrong echo otherwise. */
async function exchange(
  messages: Messages,
  peer: Peer,
  sources: Sources,
  { exchangeMs }: Waits,
): Promise<void> {
  const source = sources.bytesOf(messages.source)
  const opcode = messages.kind === 'text' ? OPCODE.text : OPCODE.binary
  const deadline = performance.now() + exchangeMs
  for (let at = 0; at < messages.count; at++) {
    const message = partOf(source, at, messages.bytes)
    const { payload, rsv } = await peer.compress(message)
    await peer.send(fragments(opcode, payload, messages.fragmentBytes, rsv))
    await peer.until(() => peer.events.length > 0, deadline - performance.now())
    const echo: PeerEvent | undefined = peer.events[0]
    const isRight = echo?.type === messages.kind && echo.payload.equals(message)
    if (!isRight || peer.events.length > 1) return
    peer.events.shift()
  }
  peer.events.push({ type: 'exchanged', messages: messages.count })
}
