import { isThenable } from '@ropewalk/core/reactor'
import { Deadline } from '@ropewalk/core/time'
import type { Request } from '../server/request.ts'

/**
 * Returns a result of user code, or awaits it for `timeoutMs` milliseconds: not at all for 0.
 *
 * @param late Makes the error of a promise that has not settled by then. What it settles with later is dropped.
 */
export function within<T>(
  { reactor }: Pick<Request, 'reactor'>,
  timeoutMs: number,
  result: T | PromiseLike<T>,
  late: () => Error,
): T | Promise<T> {
  if (!isThenable(result)) return result
  return new Promise<T>((resolve, reject) => {
    const deadline = new Deadline(reactor, () => reject(late()))
    if (timeoutMs > 0) deadline.set(timeoutMs)
    else reject(late())
    result.then(
      (value) => {
        deadline.clear()
        resolve(value)
      },
      (error: unknown) => {
        deadline.clear()
        reject(error)
      },
    )
  })
}
