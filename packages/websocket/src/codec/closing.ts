/**
 * How far the closing handshake has come (RFC 6455 §7.1.2, §7.1.3). Messages are sent and delivered in
 * `open` alone; a close frame is sent in `open` and `closed-by-peer`.
 */
export type ClosingState = 'open' | 'closed-by-us' | 'closed-by-peer' | 'closed'
/** What moves it on. */
export type ClosingEvent = 'close-sent' | 'close-received' | 'connection-lost'

/** What may follow what. An event that a state does not name cannot happen in it. */
export const CLOSING: {
  readonly [state in ClosingState]: { readonly [event in ClosingEvent]?: ClosingState }
} = {
  open: { 'close-sent': 'closed-by-us', 'close-received': 'closed-by-peer', 'connection-lost': 'closed' },
  'closed-by-us': { 'close-received': 'closed', 'connection-lost': 'closed' },
  'closed-by-peer': { 'close-sent': 'closed', 'connection-lost': 'closed' },
  closed: { 'connection-lost': 'closed' },
}

/**
 * Returns the state after an event.
 *
 * @throws {Error} for an event that cannot happen in `state`: a second close frame of one side.
 */
export function closingAfter(state: ClosingState, event: ClosingEvent): ClosingState {
  const after = CLOSING[state][event]
  if (after === undefined)
    throw new Error(`Cannot follow ${event} in the state ${state} of a closing handshake`)
  return after
}
