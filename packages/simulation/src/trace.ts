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
    this.record(host, host, { what, lost: false, sentMs: this.#now() })
  }

  /** Notes that a packet has arrived at a host, or was lost on its way there. */
  record(from: string, to: string, packet: Pick<Arrow, 'what' | 'lost' | 'sentMs'>): void {
    this.arrows.push({ atMs: this.#now(), from, to, ...packet })
  }

  /** The lines, joined with newlines. */
  toString(): string {
    return this.lines.join('\n')
  }
}

/** A packet from one host to another, or an event at one host. */
export interface Arrow {
  /** When the packet arrived or was lost, or when the event happened, in virtual milliseconds. */
  readonly atMs: number
  readonly from: string
  /** The same as `from` for an event at one host. */
  readonly to: string
  readonly what: string
  readonly lost: boolean
  /** When the packet was sent, in virtual milliseconds. */
  readonly sentMs: number
}
