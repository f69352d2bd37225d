/** Everything that happened in a run, in order. The same seed gives the same trace. */
export class Trace {
  /** The packets and events so far. When there are more than the trace keeps, the oldest are dropped. */
  readonly arrows: Arrow[] = []
  readonly #now: () => number
  readonly #maxArrows: number
  /** The newest entries, with the lines that hosts logged. */
  readonly #recent: Recent[] = []
  #dropped = 0

  /**
   * @param now Returns the virtual time.
   * @param maxArrows How many of the newest arrows are kept at least.
   */
  constructor(now: () => number, maxArrows: number = Infinity) {
    this.#now = now
    this.#maxArrows = maxArrows
  }

  /** How many of the oldest arrows were dropped. */
  get dropped(): number {
    return this.#dropped
  }

  /** One line for each packet or event: virtual milliseconds, host or hosts, what happened. */
  get lines(): readonly string[] {
    return this.arrows.map(describeArrow)
  }

  /** Notes an event at a host now. */
  note(host: string, what: string): void {
    this.record(host, host, { what, lost: false, sentMs: this.#now() })
  }

  /** Notes that a packet has arrived at a host, or was lost on its way there. */
  record(from: string, to: string, { what, lost, sentMs, payload }: TracedPacket): void {
    const arrow = { atMs: this.#now(), from, to, what, lost, sentMs }
    this.arrows.push(arrow)
    this.#remember({ arrow, payload })
    // Many are dropped at once, because each drop moves all others.
    if (this.arrows.length >= 2 * this.#maxArrows) {
      this.arrows.splice(0, this.#maxArrows)
      this.#dropped += this.#maxArrows
    }
  }

  /** Notes a line of a host's log. It is part of the recent lines only. */
  log(host: string, what: string): void {
    const nowMs = this.#now()
    this.#remember({
      arrow: { atMs: nowMs, from: host, to: host, what, lost: false, sentMs: nowMs },
      payload: undefined,
    })
  }

  /** The newest lines, with the payload of packets as text and with the lines that hosts logged. */
  get recentLines(): readonly string[] {
    return this.#recent.slice(-RECENT).map(({ arrow, payload }) => {
      const line = describeArrow(arrow)
      return payload === undefined || payload.length === 0 ? line : `${line} ${shownPayload(payload)}`
    })
  }

  /** The lines, joined with newlines. */
  toString(): string {
    return this.lines.join('\n')
  }

  #remember(recent: Recent): void {
    this.#recent.push(recent)
    if (this.#recent.length >= 2 * RECENT) this.#recent.splice(0, RECENT)
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

/** What is recorded of a packet. The payload is kept for the newest packets only. */
export interface TracedPacket extends Pick<Arrow, 'what' | 'lost' | 'sentMs'> {
  readonly payload?: Uint8Array | undefined
}

interface Recent {
  readonly arrow: Arrow
  readonly payload: Uint8Array | undefined
}

/** Formats a packet or an event as one line of text. */
export function describeArrow({ atMs, from, to, what, lost }: Arrow): string {
  const where = from === to ? from : `${from}->${to}`
  return `${atMs.toFixed(3)} ${where} ${lost ? 'lost ' : ''}${what}`
}

/** Formats bytes as quoted ASCII with escapes, cut to `SHOWN_BYTES`. */
export function shownPayload(payload: Uint8Array): string {
  const text = Array.from(payload.subarray(0, SHOWN_BYTES), shownByte).join('')
  return `"${text}"${payload.length > SHOWN_BYTES ? '…' : ''}`
}

function shownByte(byte: number): string {
  const character = String.fromCharCode(byte)
  if (character === '"' || character === '\\') return `\\${character}`
  if (byte >= 0x20 && byte < 0x7f) return character
  return ESCAPES.get(character) ?? `\\x${byte.toString(16).padStart(2, '0')}`
}

const RECENT = 20
const SHOWN_BYTES = 60
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])
