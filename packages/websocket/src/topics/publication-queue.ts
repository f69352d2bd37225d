import type { ReactorTime } from '@ropewalk/core/time'
import type { Publication } from './subscriber.ts'

/** A publication that waits for the end of the turn. */
export interface Queued {
  readonly topic: Deliverer
  readonly publication: Publication
  /** Its place among all publications and subscriptions. */
  readonly order: number
  /** The key of a member that does not get it; undefined when all get it. */
  readonly except: object | undefined
}

/** A topic, to a queue. */
export interface Deliverer {
  /** Delivers publications of this topic that follow each other. More than one must be for all subscribers. */
  deliver(run: readonly Queued[]): void
}

/** Holds what is published in a turn, and delivers it at the end of the turn, in order. */
export class PublicationQueue {
  readonly #time: ReactorTime
  readonly #maxBytes: number
  #queue: Queued[] = []
  #bytes = 0
  #order = 0
  #flushing = false
  #isDue = false

  /** @param maxBytes Beyond it, publications are delivered before the end of the turn. */
  constructor(time: ReactorTime, maxBytes: number) {
    this.#time = time
    this.#maxBytes = maxBytes
  }

  /** The place of a new member: it does not get what was published before. */
  nextOrder(): number {
    return ++this.#order
  }

  /**
   * Makes space for a publication of `bytes` bytes.
   *
   * @returns false when there is none: subscribers publish without end what they publish while they receive.
   */
  makeSpace(bytes: number): boolean {
    if (this.#bytes + bytes + OVERHEAD_BYTES <= this.#maxBytes) return true
    if (this.#flushing && this.#queue.length > 0) return false
    this.flush()
    return true
  }

  /** Adds a publication, for which there is space. */
  push(topic: Deliverer, publication: Publication, except: object | undefined): void {
    this.#queue.push({ topic, publication, order: this.nextOrder(), except })
    this.#bytes += publication.data.length + OVERHEAD_BYTES
    if (this.#isDue) return
    this.#isDue = true
    this.#time.callLater(0, () => {
      this.#isDue = false
      this.flush()
    })
  }

  /** Delivers everything. What subscribers publish meanwhile is delivered in the next turn. */
  flush(): void {
    if (this.#flushing) return
    const queue = this.#queue
    this.#queue = []
    this.#bytes = 0
    this.#flushing = true
    try {
      for (let from = 0; from < queue.length;) {
        const to = endOfRun(queue, from)
        queue[from]?.topic.deliver(queue.slice(from, to))
        from = to
      }
    } finally {
      this.#flushing = false
    }
  }
}

/** The index after the last publication that can be sent together with the one at `from`. */
function endOfRun(queue: readonly Queued[], from: number): number {
  const first = queue[from]
  if (first === undefined || first.except !== undefined) return from + 1
  let bytes = first.publication.data.length
  let to = from + 1
  for (let next = queue[to]; next !== undefined; next = queue[++to]) {
    bytes += next.publication.data.length
    if (next.topic !== first.topic || next.except !== undefined || bytes > MAX_RUN_BYTES) break
  }
  return to
}

/** What an empty publication uses. */
const OVERHEAD_BYTES = 64
/** So that a slow subscriber is noticed between two runs. */
const MAX_RUN_BYTES = 65_536
