/** A connection whose bytes are counted. */
export interface Holder {
  /** Bytes that it makes us hold now. */
  readonly heldBytes: number
  /** `heldBytes` when it was counted last. Set by HeldBytes. */
  countedBytes: number
  /** Called when it has grown beyond its share while too much is held. */
  refused(): void
}

/**
 * A budget of bytes that many connections make us hold.
 *
 * Half of it is for all. When that is used up, a connection that grows is refused if it holds more than its
 * equal share of the other half. So all together never hold much more than the budget, and a few that hold much
 * cannot make us refuse the others.
 *
 * A connection is counted when it may have grown. Nothing is called when its bytes leave, so what is counted may
 * be too much: before a refusal all holders are counted anew, unless less than a sixteenth of the budget was
 * counted since that was done. The cost of that is thereby spread over the bytes.
 */
export class HeldBytes {
  readonly #maxBytes: number
  readonly #connectionCount: () => number
  /** The connections that held something when they were counted last. */
  readonly #holders = new Set<Holder>()
  #totalBytes = 0
  /** Bytes added since all holders were counted. */
  #addedBytes = 0

  /** @param connectionCount Returns how many connections share the budget. */
  constructor(maxBytes: number, connectionCount: () => number) {
    this.#maxBytes = maxBytes
    this.#connectionCount = connectionCount
  }

  /** Bytes held by all connections, each as it was counted last. */
  get totalBytes(): number {
    return this.#totalBytes
  }

  /** Counts the bytes of one connection, and refuses it if it has grown and too much is held. */
  count(holder: Holder): void {
    const grownBytes = this.#update(holder)
    if (grownBytes <= 0) return
    this.#addedBytes += grownBytes
    if (this.#totalBytes <= this.#maxBytes / 2) return
    if (this.#addedBytes > this.#maxBytes / 16) this.#countAll()
    if (this.#totalBytes > this.#maxBytes / 2 && holder.countedBytes > this.#shareBytes) holder.refused()
  }

  /** Forgets a connection that is gone. */
  forget(holder: Holder): void {
    if (!this.#holders.delete(holder)) return
    this.#totalBytes -= holder.countedBytes
    holder.countedBytes = 0
  }

  get #shareBytes(): number {
    return this.#maxBytes / 2 / Math.max(1, this.#connectionCount())
  }

  #countAll(): void {
    this.#addedBytes = 0
    for (const holder of this.#holders) this.#update(holder)
  }

  /** Returns by how many bytes it has grown. */
  #update(holder: Holder): number {
    const { heldBytes } = holder
    const grownBytes = heldBytes - holder.countedBytes
    if (grownBytes === 0) return 0
    holder.countedBytes = heldBytes
    this.#totalBytes += grownBytes
    if (heldBytes === 0) this.#holders.delete(holder)
    else this.#holders.add(holder)
    return grownBytes
  }
}
