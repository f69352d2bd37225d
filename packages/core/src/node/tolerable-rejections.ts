import { RemoteError } from '../bytes/remote-error.ts'
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
 * While installed, logs the unhandled rejections that peers, the network, stops and signals cause: a
 * connection or a service ended, a connection could not be made, or a peer sent something wrong. Node would
 * end the process, and with it every other connection.
 *
 * Every other rejection is left to Node, which ends the process with its own message unless the program
 * listens for it. If the program was started with `--unhandled-rejections`, that rule applies, and nothing is
 * installed.
 */
export class TolerableRejections {
  readonly #log: LogObserver
  #listener: Listener | undefined
  #removal: NodeJS.Immediate | undefined

  constructor(log: LogObserver) {
    this.#log = log
  }

  /** Starts listening. */
  install(): void {
    clearImmediate(this.#removal)
    if (hasOwnRule()) return
    const listener = listeners().find(isOurs) ?? newListener()
    this.#listener = listener
    listener[LOGS].add(this.#log)
    listen(listener)
  }

  /** Stops listening in the next turn: Node reports the rejections of this one after its promise jobs. */
  remove(): void {
    this.#removal = setImmediate(() => {
      const listener = this.#listener
      listener?.[LOGS].delete(this.#log)
      if (listener?.[LOGS].size === 0) process.off('unhandledRejection', listener)
    })
  }
}

/**
 * One listener for all reactors of a process, because Node warns of more than ten. It calls only the log of the
 * reactor that was installed first.
 */
interface Listener {
  (reason: unknown): void
  readonly [LOGS]: Set<LogObserver>
}

function newListener(): Listener {
  const logs = new Set<LogObserver>()
  const unhandled = (reason: unknown): void => {
    const [log] = logs
    if (isTolerable(reason)) log?.({ level: 'error', text: TEXT, error: reason })
    else if (listeners().every(isOurs)) leaveToNode(reason, listener)
  }
  const listener = Object.assign(unhandled, { [LOGS]: logs })
  return listener
}

/**
 * Prepends the listener, so that a `once` listener of the program is still registered when this one looks for
 * others.
 */
function listen(listener: Listener): void {
  if (!listeners().includes(listener)) process.prependListener('unhandledRejection', listener)
}

/**
 * Removes the listener for a turn: Node prints its message, or emits `uncaughtException` for a program that
 * continues, only if there is no listener.
 */
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

/** Whether the error or one of its causes is TOLERABLE. The cause of an AbortError is the reason of its signal. */
function isTolerable(reason: unknown): boolean {
  let current = reason
  for (let depth = 0; depth <= MAX_CAUSES && current instanceof Error; depth++) {
    if (TOLERABLE.some((type) => current instanceof type)) return true
    current = current.cause
  }
  return false
}

function hasOwnRule(): boolean {
  const options = [...process.execArgv, process.env['NODE_OPTIONS'] ?? '']
  return options.some((option) => option.includes('--unhandled-rejections'))
}

const LOGS = Symbol.for('ropewalk.tolerableRejections')
const TEXT = 'Unhandled rejection caused by a peer, the network or a stop'
const TOLERABLE = [
  ConnectError,
  ConnectionClosed,
  IncompleteReadError,
  NotConnectedError,
  QueueClosed,
  ReactorNotRunning,
  RemoteError,
  ServiceStopped,
] as const
/** Bounded, because a chain of causes can lead back to itself. */
const MAX_CAUSES = 16
