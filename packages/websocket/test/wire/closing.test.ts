import { describe, expect, test } from 'vitest'
import { CLOSING, closingAfter, type ClosingEvent, type ClosingState } from '../../src/wire/closing.ts'

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

  test('an event that a state does not name changes nothing', () => {
    expect(closingAfter('closed-by-us', 'close-sent')).toBe('closed-by-us')
    expect(closingAfter('closed', 'close-received')).toBe('closed')
  })
})
