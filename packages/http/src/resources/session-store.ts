import { byteCount, count, type GivenOptions, type OptionRules, withDefaults } from '@ropewalk/core/options'

/** A session as a store keeps it. All times are milliseconds since 1970. */
export interface SessionRecord {
  /** The values of the session, as the text of a JSON object. */
  readonly data: string
  /** When the session was created. */
  readonly createdMs: number
  /** When this record was made. */
  readonly savedMs: number
  /** When the store may drop the record; the time to live is `expiresMs - savedMs`. */
  readonly expiresMs: number
}

/**
 * Where sessions are kept, such as a database that several servers share. Each method may return a promise. What
 * it throws or rejects with is logged, and the client gets a 503, as when it does not settle in time.
 */
export interface SessionStore {
  /** Returns the record of a session; undefined when there is none. */
  load(id: string): SessionRecord | undefined | PromiseLike<SessionRecord | undefined>
  /**
   * Keeps the record of a session, in place of an earlier one.
   *
   * @param isNew Whether the session is new. If not, and the store has no record of this id, it must not keep it:
   *   another server may have removed the session, and it must not come back.
   */
  save(id: string, record: SessionRecord, isNew: boolean): void | PromiseLike<void>
  /** Removes a session. It is no error if there is none. */
  remove(id: string): void | PromiseLike<void>
}

/** The bounds of a `MemorySessionStore`. */
export interface MemorySessionStoreOptions {
  /** Most sessions. Beyond it, the one that was not used for the longest time is dropped. Default 10 000. */
  readonly maxSessions: number
  /** Most bytes of ids and values, 2 for each character. Beyond it, as `maxSessions`. Default 32 MiB. */
  readonly maxBytes: number
}

/**
 * Keeps sessions in this process, without a timer. They are lost when it ends.
 *
 * @example
 * ```ts
 * import { Resource } from '@ropewalk/http'
 * import { MemorySessionStore, sessions } from '@ropewalk/http/resources'
 *
 * const keys = ['a secret of at least 32 characters, read from a file']
 * export const root = sessions(new Resource(), { keys, store: new MemorySessionStore({ maxSessions: 1000 }) })
 * ```
 */
export class MemorySessionStore implements SessionStore {
  readonly #options: MemorySessionStoreOptions
  /** The least recently used first. */
  readonly #records = new Map<string, SessionRecord>()
  #bytes = 0

  /** @throws {TypeError | RangeError} for an unknown option, or one that is not a whole number of 1 or more. */
  constructor(options?: GivenOptions<MemorySessionStoreOptions>) {
    this.#options = withDefaults('MemorySessionStore', DEFAULT_OPTIONS, options, RULES)
  }

  /** The number of sessions, expired ones that were not dropped yet included. */
  get size(): number {
    return this.#records.size
  }

  /** Bytes of ids and values. */
  get bytes(): number {
    return this.#bytes
  }

  load(id: string): SessionRecord | undefined {
    const record = this.#records.get(id)
    if (record === undefined) return undefined
    this.#records.delete(id)
    this.#records.set(id, record)
    return record
  }

  save(id: string, record: SessionRecord, isNew: boolean): void {
    if (!isNew && !this.#records.has(id)) return
    this.remove(id)
    this.#records.set(id, record)
    this.#bytes += sizeOf(id, record)
    this.#dropExpired(record.savedMs)
    this.#dropExcess()
  }

  remove(id: string): void {
    const record = this.#records.get(id)
    if (record === undefined) return
    this.#records.delete(id)
    this.#bytes -= sizeOf(id, record)
  }

  /** Looks at a few records, and drops those that have expired. */
  #dropExpired(nowMs: number): void {
    let looked = 0
    for (const [id, { expiresMs }] of this.#records) {
      if (expiresMs <= nowMs) this.remove(id)
      if (++looked === LOOKED_AT) return
    }
  }

  #dropExcess(): void {
    const { maxSessions, maxBytes } = this.#options
    for (const id of this.#records.keys()) {
      if (this.#records.size <= maxSessions && this.#bytes <= maxBytes) return
      this.remove(id)
    }
  }
}

function sizeOf(id: string, { data }: SessionRecord): number {
  return (id.length + data.length) * BYTES_PER_CHARACTER
}

const BYTES_PER_CHARACTER = 2
/** The records that were not used for the longest time expire first; each save looks at a few of them. */
const LOOKED_AT = 8
const DEFAULT_OPTIONS: MemorySessionStoreOptions = { maxSessions: 10_000, maxBytes: 32 * 1024 * 1024 }
const RULES: OptionRules<MemorySessionStoreOptions> = {
  maxSessions: count({ least: 1 }),
  maxBytes: byteCount({ least: 1 }),
}
