import { AsyncLocalStorage, createHook } from 'node:async_hooks'
import { framesHere, siteOf } from '../call-site.ts'

/** What became of a call whose timers are watched. */
export interface WatchedCall<R> {
  readonly result: Promise<R>
  /** Rejects when a timer of the call is due. */
  readonly fired: Promise<never>
  /** Ends the watch. */
  stop(): void
}

/**
 * Calls `call`, and watches the real timers that its own code sets, not those of Node or of packages.
 *
 * @param isOwn Whether the code that runs now is the call's own.
 * @param failure Returns the error with which `fired` rejects. It gets the stack frames that set the timer.
 */
export function watchTimers<R>(
  call: () => Promise<R>,
  isOwn: () => boolean,
  failure: (setAt: string) => Error,
): WatchedCall<R> {
  const id = {}
  let fail: (error: Error) => void = () => undefined
  const fired = new Promise<never>((_resolve, reject) => (fail = reject))
  // The caller may have stopped to wait for it.
  fired.catch(() => undefined)
  const init = (_id: number, type: string, _trigger: number, resource: object): void => {
    if (type !== 'Timeout' || !isOwn() || CALLS.getStore() !== id) return
    const frames = framesHere(DEPTH)
    if (isOfProgram(frames)) whenDue(resource as Timer, () => fail(failure(siteOf(frames))))
  }
  // Older versions of Node ignore the option.
  const options = { init, trackPromises: false }
  const hook = createHook(options).enable()
  return { result: CALLS.run(id, call), fired, stop: () => void hook.disable() }
}

/** Node has set the callback when it announces the timer, and sets it to null to clear it. */
function whenDue(timer: Timer, due: () => void): void {
  const callback = timer._onTimeout
  timer._onTimeout = function (this: unknown, ...args: unknown[]): unknown {
    due()
    return Reflect.apply(callback, this, args)
  }
}

/** Whether a program has called the function of timers itself, or that of vitest which waits. */
function isOfProgram(frames: readonly string[]): boolean {
  const caller = frames.find((frame) => !ASKED_THROUGH.test(frame))
  return caller !== undefined && !/node:|node_modules/.test(caller)
}

interface Timer {
  _onTimeout: (...args: unknown[]) => unknown
}

const CALLS = new AsyncLocalStorage<object>()
const ASKED_THROUGH =
  /scenario-timers\.|node:internal\/(?:async_hooks|timers|abort_controller)|node:timers|Async(?:Wrap|Hook)|new (?:Promise|Timeout) |new Promise$|node_modules\/.*vitest/
const DEPTH = 20
