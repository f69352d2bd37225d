import { LineTooLongError } from '../bytes/line-too-long-error.ts'
import { RemoteError } from '../bytes/remote-error.ts'
import type { LogObserver } from '../contracts/log.ts'
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
 * Every other one ends the process, as it does anyway, unless the program listens for it. A program that was started
 * with `--unhandled-rejections` has chosen a rule of its own, and keeps it.
 */
export class UnhandledEnds {
  readonly #log: LogObserver
  readonly #listener: Listener
  #removal: NodeJS.Immediate | undefined

  constructor(log: LogObserver) {
    this.#log = log
    this.#listener = Object.assign((reason: unknown) => this.#unhandled(reason), { [OURS]: true })
  }

  /** Begins to listen. */
  install(): void {
    clearImmediate(this.#removal)
    if (!hasOwnRule() && !listeners().includes(this.#listener))
      process.on('unhandledRejection', this.#listener)
  }

  /** Listens no more from the next turn on: Node reports what was rejected in this one after its promises. */
  remove(): void {
    this.#removal = setImmediate(() => process.off('unhandledRejection', this.#listener))
  }

  #unhandled(reason: unknown): void {
    const ours = listeners().filter(isOurs)
    // Each reactor that runs has a listener.
    if (ours[0] !== this.#listener) return
    if (isEnd(reason)) this.#log({ level: 'error', text: TEXT, error: reason })
    else if (ours.length === listeners().length) throw reason
  }
}

type Listener = ((reason: unknown) => void) & { readonly [OURS]?: boolean }

function listeners(): readonly Listener[] {
  return process.listeners('unhandledRejection') as Listener[]
}

function isOurs(listener: Listener): boolean {
  return listener[OURS] === true
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

const OURS = Symbol.for('ropewalk.unhandledEnds')
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
