import type { ReactorLog, ReactorTime } from '../interfaces/reactor.ts'
import { checkValue } from '../options/check-options.ts'
import { callable, milliseconds } from '../options/option-rules.ts'
import { WITH_REACTOR } from '../options/object-rules.ts'
import { LoopingCall } from '../time/looping-call.ts'
import { Service } from './service.ts'

/** The reactor that gives a timer service its time and its log. */
export interface TimerServiceOptions {
  readonly reactor: ReactorTime & ReactorLog
}

/**
 * Calls a function every `intervalMs` milliseconds while it runs, the first time at its start, as a
 * `LoopingCall` does. A failure is logged, and no call follows it until the service is stopped and started
 * again.
 */
export class TimerService extends Service {
  readonly #intervalMs: number
  readonly #call: () => unknown
  readonly #reactor: ReactorTime & ReactorLog
  #loop: LoopingCall | undefined
  /** Resolves once the last loop has ended or failed. */
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
    // Set first, because the call may stop the service.
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
    this.#reactor.log({
      level: 'error',
      text: 'A timer service failed and makes no more calls',
      label,
      error,
    })
  }
}
