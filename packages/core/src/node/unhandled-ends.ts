import { LineTooLongError, RemoteError } from '../bytes/remote-error.ts'
import type { LogObserver } from '../interfaces/log.ts'
import {
  ConnectError,
  ConnectionClosed,
  IncompleteReadError,
  NotConnectedError,
  QueueClosed,
  ReactorNotRunning,
  ServiceStopped,
} from '../errors.ts'

/**
 * Logs, while installed, the unhandled rejections that peers, the network, stops and signals cause: with the end of a
 * connection or of a service, because a connection cannot be made, or because of what a peer has sent. Node would end the process, and with it every other
 * connection.
 *
 * Every other one is left to Node, as if none of this were there: it ends the process with Node's own message, unless the
 * program listens for it. A program that was started
 * with `--unhandled-rejections` has chosen a rule of its own, and keeps it.
 */
export class UnhandledEnds {
  readonly #log: LogObserver
  #listener: Listener | undefined
  #removal: NodeJS.Immediate | undefined

  constructor(log: LogObserver) {
    this.#log = log
  }

  /** Begins to listen. */
  install(): void {
    clearImmediate(this.#removal)
    if (hasOwnRule()) return
    const listener = listeners().find(isOurs) ?? newListener()
    this.#listener = listener
    listener[LOGS].add(this.#log)
    listen(listener)
  }

  /** Listens no more from the next turn on: Node reports what was rejected in this one after its promises. */
  remove(): void {
    this.#removal = setImmediate(() => {
      const listener = this.#listener
      listener?.[LOGS].delete(this.#log)
      if (listener?.[LOGS].size === 0) process.off('unhandledRejection', listener)
    })
  }
}

/** One listener for all reactors of a process: one of them logs, and Node warns of more than ten listeners. */
interface Listener {
  (reason: unknown): void
  readonly [LOGS]: Set<LogObserver>
}

function newListener(): Listener {
  const logs = new Set<LogObserver>()
  const unhandled = (reason: unknown): void => {
    const [log] = logs
    if (isEnd(reason)) log?.({ level: 'error', text: TEXT, error: reason })
    else if (listeners().every(isOurs)) leaveToNode(reason, listener)
  }
  const listener = Object.assign(unhandled, { [LOGS]: logs })
  return listener
}

/** First, so that what the program listens with once is still there when we look. */
function listen(listener: Listener): void {
  if (!listeners().includes(listener)) process.prependListener('unhandledRejection', listener)
}

/** What Node does without a listener depends on there being none: its message, and `uncaughtException` where a program goes on. */
function leaveToNode(reason: unknown, listener: Listener): void {
  process.off('unhandledRejection', listener)
  void Promise.reject(reason)
  setImmediate(() => listener[LOGS].size > 0 && listen(listener))
}

function listeners(): readonly Partial<Listener>[] {
  return process.listeners('unhandledRejection') as Partial<Listener>[]
}

function isOurs(listener: Partial<Listener>): listener is Listener {
  return listener[LOGS] !== undefined
}

/** Whether an end is the error, or the cause of it: an AbortError has the reason of its signal as the cause. */
function isEnd(reason: unknown): boolean {
  let current = reason
  for (let depth = 0; depth <= MAX_CAUSES && current instanceof Error; depth++) {
    if (ENDS.some((type) => current instanceof type)) return true
    current = current.cause
  }
  return false
}

function hasOwnRule(): boolean {
  const options = [...process.execArgv, process.env['NODE_OPTIONS'] ?? '']
  return options.some((option) => option.includes('--unhandled-rejections'))
}

const LOGS = Symbol.for('ropewalk.unhandledEnds')
const TEXT = 'No code handles the rejection of a promise by a peer, the network or a stop'
const ENDS = [
  ConnectError,
  ConnectionClosed,
  IncompleteReadError,
  LineTooLongError,
  NotConnectedError,
  QueueClosed,
  ReactorNotRunning,
  RemoteError,
  ServiceStopped,
] as const
/** Bounded, because a chain of causes can lead back to itself. */
const MAX_CAUSES = 16
