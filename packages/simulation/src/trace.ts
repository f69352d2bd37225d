import type { Arrow } from './diagram/text-diagram.ts'

/** Everything that happened in a run, in order. The same seed gives the same trace. */
export class Trace {
  /** All packets and events so far. */
  readonly arrows: Arrow[] = []
  readonly #now: () => number

  /** @param now Returns the virtual time. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** One line for each packet or event: virtual milliseconds, host or hosts, what happened. */
  get lines(): readonly string[] {
    return this.arrows.map(({ atMs, from, to, what, lost }) => {
      const where = from === to ? from : `${from}->${to}`
      return `${atMs.toFixed(3)} ${where} ${lost ? 'lost ' : ''}${what}`
    })
  }

  /** Notes an event at a host now. */
  note(host: string, what: string): void {
    this.passed(host, host, { what, lost: false, sentMs: this.#now() })
  }

  /** Notes that a packet has arrived at a host, or was lost on its way there. */
  passed(from: string, to: string, what: Pick<Arrow, 'what' | 'lost' | 'sentMs'>): void {
    this.arrows.push({ atMs: this.#now(), from, to, ...what })
  }

  /** The lines, joined with newlines. */
  toString(): string {
    return this.lines.join('\n')
  }
}
