import type { ReactorLog, ReactorTime } from '../interfaces/reactor.ts'
import { checkValue } from '../options/check-options.ts'
import { callable, milliseconds } from '../options/option-rules.ts'
import { WITH_REACTOR } from '../options/object-rules.ts'
import { LoopingCall } from '../time/looping-call.ts'
import { Service } from './service.ts'

/** Whose time a timer service keeps, and where it tells a failure. */
export interface TimerServiceOptions {
  readonly reactor: ReactorTime & ReactorLog
}

/**
 * Calls a function every `intervalMs` milliseconds while it runs, at its start first, as a `LoopingCall`.
 * A call that fails is logged, and is the last until the service is stopped and started again.
 */
export class TimerService extends Service {
  readonly #intervalMs: number
  readonly #call: () => unknown
  readonly #reactor: ReactorTime & ReactorLog
  #loop: LoopingCall | undefined
  /** Resolves once the last loop has ended, whichever way. */
  #ended: Promise<unknown> = Promise.resolve()

  /** @throws {TypeError | RangeError} unless `intervalMs` is a number of 0 or more, and `call` a function. */
  constructor(intervalMs: number, call: () => unknown, options: TimerServiceOptions) {
    super()
    checkValue('TimerService', 'options', options, WITH_REACTOR)
    checkValue('TimerService', 'intervalMs', intervalMs, milliseconds())
    checkValue('TimerService', 'call', call, callable)
    this.#intervalMs = intervalMs
    this.#call = call
    this.#reactor = options.reactor
  }

  override startService(): void {
    if (this.running) return
    void super.startService()
    const loop = new LoopingCall(this.#call)
    // First, because the call may stop the service.
    this.#loop = loop
    const looping = loop.start(this.#intervalMs, { reactor: this.#reactor })
    this.#ended = looping.catch((error: unknown) => this.#failed(error))
  }

  /** Resolves when the call under way is done. */
  override async stopService(): Promise<void> {
    void super.stopService()
    if (this.#loop?.running) this.#loop.stop()
    await this.#ended
  }

  #failed(error: unknown): void {
    const label = this.name
    this.#reactor.log({ level: 'error', text: 'A timer service failed, and calls no more', label, error })
  }
}
