import type { Script } from './place.ts'
import { ADDRESSES } from './scripts/addresses.ts'
import { CONNECTING } from './scripts/connecting.ts'
import { DATAGRAMS } from './scripts/datagrams.ts'
import { PROCESSES } from './scripts/processes.ts'
import { STOPPING } from './scripts/stopping.ts'
import { TIME } from './scripts/time.ts'
import { TLS } from './scripts/tls.ts'
import { UNIX } from './scripts/unix.ts'
import { CLOSES } from './scripts/closes.ts'
import { FLOW } from './scripts/flow.ts'

/** All scripts, by their subject. */
export const ALL: readonly (readonly [subject: string, scripts: readonly Script[]])[] = [
  ['closes', CLOSES],
  ['flow', FLOW],
  ['addresses', ADDRESSES],
  ['connecting', CONNECTING],
  ['UNIX sockets', UNIX],
  ['datagrams', DATAGRAMS],
  ['TLS', TLS],
  ['stopping', STOPPING],
  ['processes', PROCESSES],
  ['time', TIME],
]
