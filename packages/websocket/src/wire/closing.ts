/**
 * How far the closing handshake has come (RFC 6455 §7.1.2, §7.1.3). Messages are sent and delivered in
 * `open` alone; a close frame is sent in `open` and `closed-by-peer`.
 */
export type ClosingState = 'open' | 'closed-by-us' | 'closed-by-peer' | 'closed'
/** What moves it on. */
export type ClosingEvent = 'close-sent' | 'close-received' | 'connection-lost'

/** What may follow what; an event that a state does not name leaves it as it is. */
export const CLOSING: {
  readonly [state in ClosingState]: { readonly [event in ClosingEvent]?: ClosingState }
} = {
  open: { 'close-sent': 'closed-by-us', 'close-received': 'closed-by-peer', 'connection-lost': 'closed' },
  'closed-by-us': { 'close-received': 'closed', 'connection-lost': 'closed' },
  'closed-by-peer': { 'close-sent': 'closed', 'connection-lost': 'closed' },
  closed: {},
}

/** The state behind an event. */
export function closingAfter(state: ClosingState, event: ClosingEvent): ClosingState {
  return CLOSING[state][event] ?? state
}
