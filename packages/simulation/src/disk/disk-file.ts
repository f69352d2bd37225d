import type { Random } from '../random.ts'
import type { DiskOrder } from './disk-conditions.ts'
import { type Change, FileContent } from './file-content.ts'
import { survivors } from './survivors.ts'

/** A file: its content as programs see it, and as it is on the disk. */
export class DiskFile {
  #current: FileContent
  #durable: FileContent
  /** The changes that are not on the disk, in their order. */
  readonly #unsynced: Change[] = []
  /** How many changes came before the first in `#unsynced`. */
  #synced = 0
  /** Whether an `fsync` has failed since the last power failure. */
  #hasFailed = false

  /** @param bytes The content, which is durable. */
  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#current = new FileContent(bytes)
    this.#durable = new FileContent(Buffer.from(bytes))
  }

  get length(): number {
    return this.#current.length
  }

  /** Returns a copy of the content that programs see. */
  read(): Buffer {
    return this.#current.copy()
  }

  /** Returns a copy of the content that is safe from a power failure now. */
  readDurable(): Buffer {
    return this.#durable.copy()
  }

  /** How many changes there have been: what `commit` takes. */
  get changes(): number {
    return this.#synced + this.#unsynced.length
  }

  /** Whether the disk has what programs see. */
  get isSynced(): boolean {
    return this.#unsynced.length === 0 && !this.#hasFailed
  }

  /** How many bytes an `fsync` would write now. */
  get unsyncedBytes(): number {
    return this.#unsynced.reduce((sum, change) => sum + (change.type === 'write' ? change.data.length : 0), 0)
  }

  /** Changes the content that programs see. The caller must not change the data later. */
  change(change: Change): void {
    this.#current.apply(change)
    this.#unsynced.push(change)
  }

  /** Makes the first `changes` changes durable. */
  commit(changes: number): void {
    for (const change of this.#takeUnsynced(changes)) this.#durable.apply(change)
  }

  /**
   * A failed `fsync` of the first `changes` changes: some of them are on the disk. The system believes that all are,
   * and does not write them again.
   */
  failToCommit(changes: number, random: Random, order: DiskOrder): void {
    this.#hasFailed = true
    this.#durable = survivors(this.#durable, this.#takeUnsynced(changes), random, order)
  }

  /** A power failure: what programs see is what the disk has. */
  losePower(random: Random, order: DiskOrder): void {
    this.failToCommit(this.changes, random, order)
    this.#hasFailed = false
    this.#current = new FileContent(this.#durable.copy())
  }

  #takeUnsynced(changes: number): readonly Change[] {
    const taken = this.#unsynced.splice(0, Math.max(0, changes - this.#synced))
    this.#synced += taken.length
    return taken
  }
}
