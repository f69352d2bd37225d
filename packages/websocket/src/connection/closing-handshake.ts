// How a WebSocket ends (RFC 6455 §7). Each side sends one close frame, and nothing after it: the closing
// handshake. Then the server closes TCP. Either side may begin, and the peer may leave out any part of it.
//
//     open ───stop───▶ draining
//       └───────┬─────────┘
//               ├── close-sent ─────▶ closed-by-us ────close-received──▶ closed ──┐
//               ├── close-received ─▶ closed-by-peer ────close-sent────▶ closed ──┤
//               └── disconnect (also after closed-by-us) ─────────────────────────┴─▶ disconnecting ──▶ lost
//
// `stop` is a stop of the reactor while callbacks are pending. `disconnect` is our end of TCP: the handshake
// is complete, the peer has sent a FIN or broken the rules, or a callback has failed. `connection-lost` leads
// to `lost` from every other state. A state carries the data that is valid in it; `frames` is what the close
// frames of both sides contained.

import type { ConnectionClosed } from '@ropewalk/core'
import type { Deadline } from '@ropewalk/core/time'
import { assertNever } from '@ropewalk/core/bytes'
import { CloseCode, type CloseFrame } from '../codec/close-frame.ts'
import type { WebSocketViolation } from '../errors.ts'
import type { WebSocketClosed } from './websocket-connection.ts'

/**
 * A state between open and lost. Messages are sent in `open` and `draining` only, our close frame also in
 * `closed-by-peer`.
 */
export type ClosingState =
  | { readonly is: 'open' }
  | { readonly is: 'draining'; readonly wait: CallbackWait }
  | { readonly is: 'closed-by-us'; readonly frames: CloseFrames; readonly timeout: Deadline }
  | { readonly is: 'closed-by-peer' | 'closed'; readonly frames: CloseFrames }
  | {
      readonly is: 'disconnecting'
      readonly frames: CloseFrames
      /** Why nothing more can be sent. */
      readonly end: ConnectionClosed
      /** Defined when the peer has not replied to our close frame. */
      readonly timeout: Deadline | undefined
    }
  | { readonly is: 'lost'; readonly how: WebSocketClosed; readonly end: ConnectionClosed }

/** What changes the state. */
export type ClosingEvent =
  | { readonly is: 'stop'; readonly wait: CallbackWait }
  | {
      readonly is: 'close-sent'
      readonly frame: CloseFrame
      /** The violation by the peer for which it was sent. */
      readonly violation?: WebSocketViolation | undefined
      /** Limits the wait for the peer's close frame. */
      readonly timeout: Deadline
    }
  | { readonly is: 'close-received'; readonly frame: CloseFrame }
  | { readonly is: 'disconnect'; readonly end: ConnectionClosed }
  | { readonly is: 'connection-lost'; readonly cause: ConnectionClosed }

/** The wait for pending callbacks when the reactor stops. */
export interface CallbackWait {
  readonly settled: Promise<void>
  /** Settles the promise. */
  readonly over: () => void
  /** Limits the wait. */
  readonly grace: Deadline
}

/** What the close frames of both sides contained: everything about the end except its cause. */
export type CloseFrames = Omit<WebSocketClosed, 'cause'>

/** The first state. */
export const OPEN: ClosingState = { is: 'open' }

/** Neither side has sent a close frame. RFC 6455 §7.1.5: then the code is 1006. */
export const NO_FRAMES: CloseFrames = {
  code: CloseCode.abnormal,
  reason: '',
  closedBy: 'neither',
  sentCode: undefined,
  sentReason: '',
  violation: undefined,
  wasClean: false,
}

/** The next state for each event. An event that is missing from a state cannot happen in it. */
export const CLOSING: {
  readonly [state in ClosingState['is']]: { readonly [event in ClosingEvent['is']]?: ClosingState['is'] }
} = {
  open: {
    stop: 'draining',
    'close-sent': 'closed-by-us',
    'close-received': 'closed-by-peer',
    disconnect: 'disconnecting',
    'connection-lost': 'lost',
  },
  draining: {
    'close-sent': 'closed-by-us',
    'close-received': 'closed-by-peer',
    disconnect: 'disconnecting',
    'connection-lost': 'lost',
  },
  'closed-by-us': { 'close-received': 'closed', disconnect: 'disconnecting', 'connection-lost': 'lost' },
  'closed-by-peer': { 'close-sent': 'closed', 'connection-lost': 'lost' },
  closed: { disconnect: 'disconnecting', 'connection-lost': 'lost' },
  disconnecting: { 'connection-lost': 'lost' },
  lost: {},
}

/**
 * Returns the state after an event.
 *
 * @throws {Error} for an event that cannot happen in `state`, such as a second close frame of one side.
 */
export function closingAfter(state: ClosingState, event: ClosingEvent): ClosingState {
  const is = CLOSING[state.is][event.is]
  if (is === undefined)
    throw new Error(`Cannot handle the event ${event.is} in the closing state ${state.is}`)
  const frames = framesOf(state)
  switch (event.is) {
    case 'stop':
      return { is: 'draining', wait: event.wait }
    case 'close-sent': {
      const both = withSent(frames, event.frame, event.violation)
      return is === 'closed'
        ? { is, frames: both }
        : { is: 'closed-by-us', frames: both, timeout: event.timeout }
    }
    case 'close-received':
      return { is: is === 'closed' ? is : 'closed-by-peer', frames: withReceived(frames, event.frame) }
    case 'disconnect': {
      const timeout = state.is === 'closed-by-us' ? state.timeout : undefined
      return { is: 'disconnecting', frames, end: event.end, timeout }
    }
    case 'connection-lost': {
      const { cause } = event
      return { is: 'lost', how: { ...frames, cause }, end: state.is === 'disconnecting' ? state.end : cause }
    }
    default:
      return assertNever(event)
  }
}

function framesOf(state: ClosingState): CloseFrames {
  switch (state.is) {
    case 'open':
    case 'draining':
      return NO_FRAMES
    case 'closed-by-us':
    case 'closed-by-peer':
    case 'closed':
    case 'disconnecting':
      return state.frames
    case 'lost':
      return state.how
    default:
      return assertNever(state)
  }
}

function withSent(
  frames: CloseFrames,
  { code, reason }: CloseFrame,
  violation: WebSocketViolation | undefined,
): CloseFrames {
  const sent = { sentCode: code ?? CloseCode.noStatus, sentReason: reason, violation }
  if (frames.closedBy === 'peer') return { ...frames, ...sent, wasClean: true }
  return { ...frames, ...sent, closedBy: 'us' }
}

function withReceived(frames: CloseFrames, { code, reason }: CloseFrame): CloseFrames {
  const received = { code: code ?? CloseCode.noStatus, reason }
  if (frames.closedBy === 'us') return { ...frames, ...received, wasClean: true }
  return { ...frames, ...received, closedBy: 'peer' }
}
