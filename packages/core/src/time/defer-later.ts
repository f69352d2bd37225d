import type { ReactorTime } from '../interfaces/reactor.ts'
import { checkValue } from '../options/check-options.ts'
import { callable, having } from '../options/option-rules.ts'

/**
 * Calls `call(...args)` in `delayMs` milliseconds, and answers what it answers. To be able to cancel,
 * `await sleep(delayMs, { reactor, signal })` and call it then.
 *
 * @throws {TypeError} (rejects) without a reactor or a function.
 * @throws {RangeError} (rejects) when `delayMs` is negative or not a number.
 * @throws {unknown} (rejects) with what `call` throws or rejects with.
 */
export function deferLater<A extends unknown[], R>(
  reactor: ReactorTime,
  delayMs: number,
  call: (...args: A) => R | PromiseLike<R>,
  ...args: A
): Promise<R> {
  return new Promise((resolve, reject) => {
    checkValue('deferLater', 'reactor', reactor, CLOCK)
    checkValue('deferLater', 'call', call, callable)
    reactor.callLater(delayMs, () => {
      try {
        resolve(call(...args))
      } catch (error) {
        reject(error)
      }
    })
  })
}

const CLOCK = having('a reactor', 'callLater')
