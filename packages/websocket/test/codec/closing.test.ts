import { describe, expect, test } from 'vitest'
import { CLOSING, closingAfter, type ClosingEvent, type ClosingState } from '../../src/codec/closing.ts'

describe('closingAfter', () => {
  test('closes from either side, and by the loss of the connection from anywhere', () => {
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

  test('throws for every event that cannot happen: a second close frame of one side', () => {
    for (const [state, event] of [
      ['closed-by-us', 'close-sent'],
      ['closed-by-peer', 'close-received'],
      ['closed', 'close-sent'],
      ['closed', 'close-received'],
    ] as const) {
      expect(() => closingAfter(state, event)).toThrow(`Cannot follow ${event} in the state ${state}`)
    }
  })
})
