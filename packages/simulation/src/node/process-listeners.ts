import type { EventEmitter } from 'node:events'
import { nodeHost } from './node-hosts.ts'

/**
 * Notes from now on which listeners code of hosts adds to `process`, such as one for SIGTERM or `exit`. They would
 * keep every run in memory, and be called in the real process when it ends.
 */
export function noteProcessListeners(): void {
  REAL_PROCESS.prependListener('newListener', (event: string | symbol, listener: Listener) => {
    if (nodeHost() !== undefined) ADDED.push({ event, listener })
  })
}

/** Removes the listeners that code of hosts has added to `process`. */
export function removeProcessListeners(): void {
  for (const { event, listener } of ADDED.splice(0)) REAL_PROCESS.off(event, listener)
}

const REAL_PROCESS: EventEmitter = process

type Listener = (...args: unknown[]) => void

const ADDED: { readonly event: string | symbol; readonly listener: Listener }[] = []
