import { readFileSync } from 'node:fs'
import { ConnectionDone, ConnectionLost } from '@ropewalk/core'
import { Deadline } from '@ropewalk/core/time'
import { MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import {
  CLOSING,
  closingAfter,
  type ClosingEvent,
  type ClosingState,
  NO_FRAMES,
  OPEN,
} from '../../src/connection/closing-handshake.ts'
import type { CloseFrame } from '../../src/codec/close-frame.ts'
import type { WebSocketClosed } from '../../src/connection/websocket-connection.ts'

const CAUSE = new ConnectionDone()
const END = new ConnectionLost()
const TIMEOUT = new Deadline(new MemoryReactor(), () => undefined)
const WAIT = { settled: Promise.resolve(), over: () => undefined, grace: TIMEOUT }

const NO_CODE: CloseFrame = { code: undefined, reason: '' }
const STOP: ClosingEvent = { is: 'stop', wait: WAIT }
const DISCONNECT: ClosingEvent = { is: 'disconnect', end: END }
const LOST: ClosingEvent = { is: 'connection-lost', cause: CAUSE }
const sent = (code: number, reason: string = ''): ClosingEvent => ({
  is: 'close-sent',
  frame: { code, reason },
  timeout: TIMEOUT,
})
const received = (code: number, reason: string = ''): ClosingEvent => ({
  is: 'close-received',
  frame: { code, reason },
})

function after(...events: readonly ClosingEvent[]): ClosingState {
  return events.reduce(closingAfter, OPEN)
}

/** How a WebSocket ends after these events. */
function how(...events: readonly ClosingEvent[]): WebSocketClosed {
  const state = after(...events, LOST)
  if (state.is !== 'lost') throw new Error(`The state is ${state.is}`)
  return state.how
}

const EVENTS: { readonly [event in ClosingEvent['is']]: ClosingEvent } = {
  stop: STOP,
  'close-sent': sent(1000),
  'close-received': received(1000),
  disconnect: DISCONNECT,
  'connection-lost': LOST,
}

const STATES: { readonly [state in ClosingState['is']]: ClosingState } = {
  open: OPEN,
  draining: after(STOP),
  'closed-by-us': after(sent(1000)),
  'closed-by-peer': after(received(1000)),
  closed: after(sent(1000), received(1000)),
  disconnecting: after(DISCONNECT),
  lost: after(LOST),
}

const CELLS = Object.values(STATES).flatMap((state) =>
  Object.values(EVENTS).map((event) => ({ state, event, next: CLOSING[state.is][event.is] })),
)

describe('closingAfter', () => {
  test('returns the codes and reasons of both sides, and which close frame was first', () => {
    expect(how(received(1000, 'bye'), sent(1000), DISCONNECT)).toEqual({
      code: 1000,
      reason: 'bye',
      closedBy: 'peer',
      sentCode: 1000,
      sentReason: '',
      violation: undefined,
      wasClean: true,
      cause: CAUSE,
    })
    const withoutCode: ClosingEvent = { is: 'close-received', frame: NO_CODE }
    expect(how(sent(3000, 'enough'), withoutCode)).toMatchObject({
      code: 1005,
      closedBy: 'us',
      sentCode: 3000,
      sentReason: 'enough',
      wasClean: true,
    })
  })

  test('is clean only when both sides have sent a close frame', () => {
    expect(how()).toEqual({ ...NO_FRAMES, cause: CAUSE })
    expect(how(STOP, DISCONNECT)).toMatchObject({
      code: 1006,
      reason: '',
      closedBy: 'neither',
      sentCode: undefined,
      sentReason: '',
      wasClean: false,
    })
    const violated: ClosingEvent = {
      is: 'close-sent',
      frame: NO_CODE,
      violation: 'invalid-utf8',
      timeout: TIMEOUT,
    }
    expect(how(violated)).toMatchObject({ sentCode: 1005, violation: 'invalid-utf8', wasClean: false })
    expect(how(received(1000))).toMatchObject({ code: 1000, closedBy: 'peer', wasClean: false })
  })

  test('keeps the reason for which nothing more could be sent, and else that of the connection', () => {
    for (const [event, end] of [
      [DISCONNECT, END],
      [sent(1000), CAUSE],
    ] as const) {
      const state = after(event, LOST)
      expect(state.is === 'lost' && state.end).toBe(end)
      expect(how(event).cause).toBe(CAUSE)
    }
  })

  test("keeps the timeout only while the peer's close frame has not arrived", () => {
    const timeoutOf = (...events: readonly ClosingEvent[]): unknown => {
      const state = after(...events)
      return state.is === 'disconnecting' ? state.timeout : state
    }
    expect(timeoutOf(sent(1000), DISCONNECT)).toBe(TIMEOUT)
    expect(timeoutOf(sent(1000), received(1000), DISCONNECT)).toBeUndefined()
    expect(timeoutOf(received(1000), sent(1000), DISCONNECT)).toBeUndefined()
  })

  test.each(CELLS.filter(({ next }) => next !== undefined))(
    'follows CLOSING: $state.is, $event.is, $next',
    ({ state, event, next }) => {
      expect(closingAfter(state, event).is).toBe(next)
    },
  )

  test.each(CELLS.filter(({ next }) => next === undefined))(
    'throws in the state $state.is for the event $event.is',
    ({ state, event }) => {
      expect(() => closingAfter(state, event)).toThrow(
        `Cannot handle the event ${event.is} in the closing state ${state.is}`,
      )
    },
  )
})

describe('CLOSING', () => {
  test('is the table in docs/rfc-coverage.md', () => {
    const page = readFileSync(new URL('../../../../docs/rfc-coverage.md', import.meta.url), 'utf8')
    const [, section = ''] = page.split('### The closing handshake\n')
    const [head = [], , ...rows] = section
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      )
    expect(head).toEqual(['state', ...Object.keys(EVENTS)])
    expect(rows).toEqual(
      Object.entries(CLOSING).map(([state, next]) =>
        [state].concat(Object.values(EVENTS).map((event) => next[event.is] ?? '')),
      ),
    )
  })
})
