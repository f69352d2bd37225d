import { isThenable } from '@ropewalk/core/reactor'
import { HTTPError } from '../errors.ts'
import type { Request } from '../server/request.ts'
import { logFault } from './log-fault.ts'
import type { SessionRecord, SessionStore } from './session-store.ts'
import { SessionValues } from './session-values.ts'
import { within } from './within.ts'

/** How long sessions live, and how long a store may take. */
export interface SessionLimits {
  readonly idleTimeoutMs: number
  readonly absoluteTimeoutMs: number
  readonly storeTimeoutMs: number
  readonly maxSessionBytes: number
}

/** One session, shared by the requests that use it at the same time. */
export interface OpenSession {
  readonly id: string
  readonly values: SessionValues
  readonly createdMs: number
  /** When it was last saved; undefined for one that never was. */
  savedMs: number | undefined
  /** Whether it was ended: no request can use it any more, nor bring it back. */
  ended: boolean
  /** The requests that use it. */
  users: number
  /** Its writes to the store, one after the other. Never rejects. */
  writes: Promise<void>
}

/**
 * The sessions that requests use now, between their cookies and the store.
 *
 * Requests of one session that run at the same time share its values, so that none overwrites what another has set.
 * A session that was ended stays here until the store has removed it, so that no request can load it meanwhile.
 */
export class OpenSessions {
  readonly #store: SessionStore
  readonly #limits: SessionLimits
  readonly #open = new Map<string, OpenSession>()
  readonly #loading = new Map<string, Promise<OpenSession | undefined>>()

  constructor(store: SessionStore, limits: SessionLimits) {
    this.#store = store
    this.#limits = limits
  }

  /** The number of sessions in use. */
  get size(): number {
    return this.#open.size + this.#loading.size
  }

  /** Makes a session without values, which is not saved before it has some. */
  create(request: Request, values: SessionValues, createdMs: number): OpenSession {
    const id = request.reactor.randomBytes(ID_BYTES).toString('base64url')
    const session = { id, values, createdMs, savedMs: undefined, ended: false, users: 0, writes: DONE }
    return session
  }

  /**
   * Returns the session with this id, and counts the request among its users.
   *
   * @returns undefined when there is none, or when it has expired or was ended.
   * @throws {HTTPError} (rejects) 503 when the store fails.
   */
  async use(id: string, request: Request): Promise<OpenSession | undefined> {
    const session = this.#open.get(id) ?? (await this.#loadOnce(id, request))
    if (session === undefined || session.ended) return undefined
    if (this.#hasExpired(session, request.reactor.wallClock())) {
      this.end(session)
      await this.remove(session, request)
      return undefined
    }
    this.hold(session)
    return session
  }

  /** Counts a request among the users of a session. */
  hold(session: OpenSession): void {
    session.users++
    this.#open.set(session.id, session)
  }

  /** Is called when a request that used the session has ended. */
  release(session: OpenSession): void {
    session.users--
    if (session.users <= 0 && !session.ended) this.#forget(session)
  }

  /** Ends a session for all requests; `remove` must follow. */
  end(session: OpenSession): void {
    session.ended = true
    session.values.clear()
    // Also one that was never saved: a save may be on its way.
    this.#open.set(session.id, session)
  }

  /** Whether a session that was not changed must be saved, because it is used. */
  needsTouch({ savedMs }: OpenSession, nowMs: number): boolean {
    return savedMs !== undefined && nowMs - savedMs > this.#limits.idleTimeoutMs / TOUCHES
  }

  /** Milliseconds until the session expires if it is not used again. */
  lifetimeMs({ createdMs }: OpenSession, nowMs: number): number {
    return Math.min(this.#limits.idleTimeoutMs, createdMs + this.#limits.absoluteTimeoutMs - nowMs)
  }

  /**
   * Saves a session, after the writes before.
   *
   * @throws {HTTPError} (rejects) 503 when the store fails.
   */
  save(session: OpenSession, request: Request): Promise<void> {
    return this.#write(session, request, 'save', () => {
      if (session.ended) return undefined
      const nowMs = request.reactor.wallClock()
      const record: SessionRecord = {
        data: session.values.asJSON(),
        createdMs: session.createdMs,
        savedMs: nowMs,
        expiresMs: nowMs + this.lifetimeMs(session, nowMs),
      }
      const isNew = session.savedMs === undefined
      session.values.changed = false
      return this.#saved(session, nowMs, this.#store.save(session.id, record, isNew))
    })
  }

  /**
   * Removes a session that was ended from the store, after the writes before.
   *
   * @throws {HTTPError} (rejects) 503 when the store fails.
   */
  async remove(session: OpenSession, request: Request): Promise<void> {
    try {
      await this.#write(session, request, 'remove', () => this.#store.remove(session.id))
    } finally {
      this.#forget(session)
    }
  }

  #saved(session: OpenSession, nowMs: number, saving: void | PromiseLike<void>): void | Promise<void> {
    if (!isThenable(saving)) return void (session.savedMs = nowMs)
    return Promise.resolve(saving).then(() => {
      session.savedMs = nowMs
      // It took longer than its deadline, and the session was ended and removed before: it must not come back.
      if (session.ended && this.#open.get(session.id) !== session) return this.#store.remove(session.id)
      return undefined
    })
  }

  async #write(
    session: OpenSession,
    request: Request,
    what: 'save' | 'remove',
    write: () => void | PromiseLike<void>,
  ): Promise<void> {
    // What it waits for the writes before counts: a store that hangs holds up none longer than its deadline.
    const beganMs = request.reactor.now()
    const writing = session.writes.then(() => this.#inTime(request, what, write, beganMs))
    session.writes = writing.catch(() => undefined)
    try {
      await writing
    } catch (error) {
      session.values.changed = true
      throw error
    }
  }

  #loadOnce(id: string, request: Request): Promise<OpenSession | undefined> {
    const loading = this.#loading.get(id)
    if (loading !== undefined) return loading
    const begun = this.#load(id, request).finally(() => this.#loading.delete(id))
    this.#loading.set(id, begun)
    return begun
  }

  async #load(id: string, request: Request): Promise<OpenSession | undefined> {
    const record = await this.#inTime(request, 'load', () => this.#store.load(id))
    if (record === undefined || record === null) return undefined
    const { data, createdMs, savedMs } = record
    const parsed = SessionValues.parse(data, this.#limits.maxSessionBytes)
    // A session without these times would never expire.
    const values = Number.isFinite(createdMs) && Number.isFinite(savedMs) ? parsed : undefined
    if (values === undefined) {
      const wrong = new TypeError(
        'Cannot use the record: data is a JSON object, createdMs and savedMs numbers',
      )
      logFault(request, 'The session store has returned a malformed record', wrong)
      return undefined
    }
    const session = { id, values, createdMs, savedMs, ended: false, users: 0, writes: DONE }
    this.#open.set(id, session)
    return session
  }

  #hasExpired(session: OpenSession, nowMs: number): boolean {
    const { idleTimeoutMs, absoluteTimeoutMs } = this.#limits
    const idleMs = nowMs - (session.savedMs ?? nowMs)
    return idleMs >= idleTimeoutMs || nowMs - session.createdMs >= absoluteTimeoutMs
  }

  /**
   * @param beganMs When its deadline began, by the reactor's clock.
   * @throws {HTTPError} (rejects) 503 when `call` throws or rejects, or does not settle in time.
   */
  async #inTime<T>(
    request: Request,
    what: string,
    call: () => T | PromiseLike<T>,
    beganMs: number = request.reactor.now(),
  ): Promise<T> {
    const { storeTimeoutMs } = this.#limits
    try {
      const late = (): Error => new Error(`Cannot ${what} a session within ${storeTimeoutMs} ms`)
      const leftMs = Math.max(0, beganMs + storeTimeoutMs - request.reactor.now())
      return await within(request, leftMs, call(), late)
    } catch (cause) {
      logFault(request, `The session store cannot ${what} a session`, cause)
      throw HTTPError.withoutStack(503, 'Sessions are not available', { cause })
    }
  }

  #forget(session: OpenSession): void {
    if (this.#open.get(session.id) === session) this.#open.delete(session.id)
  }
}

const DONE: Promise<void> = Promise.resolve()
const ID_BYTES = 32
/** A session that is only read is saved this often within its idle time. */
const TOUCHES = 10
