import type { LogEvent } from '../interfaces/log.ts'
import type { ReactorLog, ReactorTime } from '../interfaces/reactor.ts'

/** A warning that anyone outside can bring about: told once a minute at most, in between only at the level `debug`. */
export class ThrottledWarning {
  readonly #text: string
  #silentUntilMs = -Infinity
  #suppressed = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Warns, or counts what the next warning shall mention. */
  warn(reactor: ReactorTime & ReactorLog, about: Pick<LogEvent, 'connection' | 'error'>): void {
    const nowMs = reactor.now()
    if (nowMs < this.#silentUntilMs) {
      this.#suppressed++
      return reactor.log({ level: 'debug', text: this.#text, ...about })
    }
    const more =
      this.#suppressed === 0 ? '' : `, as happened ${this.#suppressed} times since this was last said`
    this.#suppressed = 0
    this.#silentUntilMs = nowMs + SILENCE_MS
    reactor.log({ level: 'warn', text: `${this.#text}${more}`, ...about })
  }
}

const SILENCE_MS = 60_000
