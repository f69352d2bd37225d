import { sleep, type Transport } from '@ropewalk/core'
import { randomFraction } from '@ropewalk/core/time'

/**
 * Resolves after a random part of `overMs` milliseconds, or when the connection is gone: the clients of a server
 * that stops then do not all connect again at the same time.
 */
export async function drainDelay(transport: Transport, overMs: number): Promise<void> {
  await sleep(randomFraction(transport.reactor) * overMs, transport).catch(() => undefined)
}

/** Resolves when the connection is gone. */
export function connectionGone({ signal }: Transport): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
