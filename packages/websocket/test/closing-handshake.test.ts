import { ConnectionDone } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import {
  CLOSING,
  closingAfter,
  type ClosingEvent,
  ClosingHandshake,
  type ClosingState,
} from '../src/closing-handshake.ts'

const CAUSE = new ConnectionDone()

describe('ClosingHandshake', () => {
  test('returns the codes and reasons of both sides, and which close frame was first', () => {
    const byPeer = new ClosingHandshake()
    byPeer.received({ code: 1000, reason: 'bye' })
    byPeer.sent({ code: 1000, reason: '' })
    expect(byPeer.lost(CAUSE)).toEqual({
      code: 1000,
      reason: 'bye',
      closedBy: 'peer',
      sentCode: 1000,
      sentReason: '',
      violation: undefined,
      wasClean: true,
      cause: CAUSE,
    })
    const byUs = new ClosingHandshake()
    byUs.sent({ code: 3000, reason: 'enough' })
    byUs.received({ code: undefined, reason: '' })
    expect(byUs.lost(CAUSE)).toMatchObject({
      code: 1005,
      closedBy: 'us',
      sentCode: 3000,
      sentReason: 'enough',
      wasClean: true,
    })
  })

  test('is clean only when both sides have sent a close frame', () => {
    expect(new ClosingHandshake().lost(CAUSE)).toMatchObject({
      code: 1006,
      reason: '',
      closedBy: 'neither',
      sentCode: undefined,
      sentReason: '',
      wasClean: false,
    })
    const alone = new ClosingHandshake()
    alone.violated('invalid-utf8')
    alone.sent({ code: undefined, reason: '' })
    expect(alone.lost(CAUSE)).toMatchObject({ sentCode: 1005, violation: 'invalid-utf8', wasClean: false })
  })

  test('throws when one side sends a second close frame', () => {
    const closing = new ClosingHandshake()
    closing.sent({ code: 1000, reason: '' })
    expect(() => closing.sent({ code: 1000, reason: '' })).toThrow('Cannot handle the event close-sent')
    closing.received({ code: 1000, reason: '' })
    expect(closing.state).toBe('closed')
    expect(() => closing.received({ code: 1000, reason: '' })).toThrow(
      'Cannot handle the event close-received',
    )
  })
})

describe('closingAfter', () => {
  test('is closed after both close frames, or after the loss of the connection in any state', () => {
    const walk = (...events: ClosingEvent[]): ClosingState =>
      events.reduce(closingAfter, 'open' as ClosingState)
    expect(walk('close-sent')).toBe('closed-by-us')
    expect(walk('close-sent', 'close-received')).toBe('closed')
    expect(walk('close-received')).toBe('closed-by-peer')
    expect(walk('close-received', 'close-sent')).toBe('closed')
    expect(
      Object.keys(CLOSING).map((state) => closingAfter(state as ClosingState, 'connection-lost')),
    ).toEqual(Array(4).fill('closed'))
  })

  test('throws for a second close frame of one side', () => {
    for (const [state, event] of [
      ['closed-by-us', 'close-sent'],
      ['closed-by-peer', 'close-received'],
      ['closed', 'close-sent'],
      ['closed', 'close-received'],
    ] as const) {
      expect(() => closingAfter(state, event)).toThrow(
        `Cannot handle the event ${event} in the closing state ${state}`,
      )
    }
  })
})
