import type { Arrow } from './diagram/text-diagram.ts'

/** What has happened, in order: the same for the same seed. */
export class Trace {
  /** Everything so far. */
  readonly arrows: Arrow[] = []
  readonly #now: () => number

  /** @param now Virtual time. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** One short line for each: virtual milliseconds, who, what. */
  get lines(): readonly string[] {
    return this.arrows.map(({ atMs, from, to, what, lost }) => {
      const who = from === to ? from : `${from}->${to}`
      return `${atMs.toFixed(3)} ${who} ${lost ? 'lost ' : ''}${what}`
    })
  }

  /** Notes what happens to a host now. */
  note(host: string, what: string): void {
    this.passed(host, host, { what, lost: false, sentMs: this.#now() })
  }

  /** Notes what has come from one host to another, or was lost on its way. */
  passed(from: string, to: string, what: Pick<Arrow, 'what' | 'lost' | 'sentMs'>): void {
    this.arrows.push({ atMs: this.#now(), from, to, ...what })
  }

  /** The lines as one text. */
  toString(): string {
    return this.lines.join('\n')
  }
}
