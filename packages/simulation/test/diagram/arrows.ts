import type { Arrow } from '../../src/trace.ts'

/** The hosts of the test diagrams. */
export const HOSTS = ['server', 'client']
/** One arrow of each kind: an event, a packet, a lost packet. */
export const ARROWS: readonly Arrow[] = [
  { atMs: 0, from: 'client', to: 'client', what: 'starts', lost: false, sentMs: 0 },
  { atMs: 12.34, from: 'client', to: 'server', what: 'SYN', lost: false, sentMs: 0 },
  { atMs: 20, from: 'server', to: 'client', what: '5 bytes; more', lost: true, sentMs: 13 },
]
