/**
 * Timers, loops, deadlines, locks and queues on the clock of a reactor.
 *
 * @module
 */
export {
  AlreadyCalled,
  AlreadyCancelled,
  QueueClosed,
  QueueOverflow,
  QueueUnderflow,
  TimeoutError,
} from './errors.ts'
export type { DelayedCall, ReactorTime } from './interfaces/reactor.ts'
export { randomFraction } from './time/backoff.ts'
export { Deadline } from './time/deadline.ts'
export { interval, LoopingCall, type LoopOptions } from './time/looping-call.ts'
export { Queue, type QueueOptions } from './time/queue.ts'
export { type Held, Lock, Semaphore } from './time/semaphore.ts'
export type { Cancellable } from './time/cancellable.ts'
export { deferLater } from './time/sleep.ts'
