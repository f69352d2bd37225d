/**
 * Calls `seen` with the reason of every unhandled rejection of the process, instead of letting Node end the
 * process.
 *
 * @returns a function that ends the watch.
 */
export function watchUnhandledRejections(seen: (reason: unknown) => void): () => void {
  const listener = sharedListener() ?? newListener()
  listener[WATCHERS].add(seen)
  if (listener[WATCHERS].size === 1) process.on('unhandledRejection', listener)
  return () => {
    listener[WATCHERS].delete(seen)
    if (listener[WATCHERS].size === 0) process.off('unhandledRejection', listener)
  }
}

/** One listener for all simulations of a process, because Node warns about more than ten. */
interface Listener {
  (reason: unknown): void
  readonly [WATCHERS]: Set<(reason: unknown) => void>
}

function sharedListener(): Listener | undefined {
  return (process.listeners('unhandledRejection') as Partial<Listener>[]).find(isListener)
}

function isListener(listener: Partial<Listener>): listener is Listener {
  return listener[WATCHERS] !== undefined
}

function newListener(): Listener {
  const watchers = new Set<(reason: unknown) => void>()
  const notify = (reason: unknown): void => {
    for (const seen of watchers) seen(reason)
  }
  return Object.assign(notify, { [WATCHERS]: watchers })
}

const WATCHERS = Symbol('watchers')
