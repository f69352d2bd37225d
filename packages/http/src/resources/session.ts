import type { Request } from '../server/request.ts'
import type { OpenSession, OpenSessions } from './open-sessions.ts'
import type { ReceivedId } from './session-cookie.ts'
import { type JSONValue, SessionKey, type SessionValues } from './session-values.ts'

/** What the response to a request does with the session's cookie. */
export type CookieChange = 'keep' | 'send' | 'clear'

/**
 * The session of one request: named values that the server keeps for one browser.
 *
 * A session without values is not kept, and its client gets no cookie. What was set is saved before the response of a
 * method that returns it is sent. A method that responds through the request itself, with NOT_DONE_YET, awaits
 * `save()` before it finishes, if the next request must find the values.
 */
export class Session {
  readonly #sessions: OpenSessions
  readonly #request: Request
  readonly #received: ReceivedId | undefined
  readonly #makeValues: () => SessionValues
  #open: OpenSession
  readonly #ended: OpenSession[] = []
  #replaced = false
  #failed = false
  #touched = false
  #released = false
  /** The sessions that this request must release. */
  readonly #held = new Set<OpenSession>()

  /**
   * Called by `getSession`.
   *
   * @param found The session of the client's cookie, which counts this request among its users.
   */
  constructor(
    sessions: OpenSessions,
    request: Request,
    received: ReceivedId | undefined,
    found: OpenSession | undefined,
    makeValues: () => SessionValues,
  ) {
    this.#sessions = sessions
    this.#request = request
    this.#received = received
    this.#makeValues = makeValues
    this.#open = found ?? sessions.create(request, makeValues(), request.reactor.wallClock())
    if (found === undefined) return
    this.#held.add(found)
    this.#touched = sessions.needsTouch(found, request.reactor.wallClock())
    if (this.#touched) found.values.changed = true
  }

  /** The session's id. With our signature it is the key to the session: never log or show it. */
  get uid(): string {
    return this.#open.id
  }

  /** Whether the session is new: the store does not have it. */
  get isNew(): boolean {
    return this.#open.savedMs === undefined
  }

  /**
   * Returns a value; undefined when it was not set, or another request has ended the session. The caller may
   * change what it gets: that does not change the session.
   */
  get<T extends JSONValue>(key: SessionKey<T>): T | undefined
  get(name: string): unknown
  get(key: string | SessionKey<JSONValue>): unknown {
    return this.#open.values.get(nameOf(key))
  }

  /**
   * Sets a value: anything that JSON can hold. Has no effect when another request has ended the session meanwhile.
   *
   * @throws {TypeError} when JSON cannot hold the value.
   * @throws {RangeError} when the values would have more than `maxSessionBytes`.
   */
  set<T extends JSONValue>(key: SessionKey<T>, value: T): void
  set(name: string, value: JSONValue): void
  set(key: string | SessionKey<JSONValue>, value: JSONValue): void {
    this.#open.values.set(nameOf(key), value)
    this.#failed = false
  }

  /** Removes a value. Has no effect when it was not set. */
  delete(key: string | SessionKey<JSONValue>): void {
    this.#open.values.delete(nameOf(key))
    this.#failed = false
  }

  /**
   * Gives the session a new id, and ends the old one. Call it whenever the user gains rights, as at login: an id that
   * an attacker has planted or seen before has no value afterwards. Other requests that use the session at this
   * time do not follow: they keep the old one, which is ended.
   */
  renewId(): void {
    this.#replace(this.#open.values.copy(), this.#open.createdMs)
  }

  /** Ends the session, as at logout. What is set afterwards begins a new one. */
  expire(): void {
    this.#replace(this.#makeValues(), this.#request.reactor.wallClock())
  }

  /**
   * Saves what was changed, and removes the sessions that were ended. Called for a method that returns its response;
   * a method that writes its response itself awaits it.
   *
   * @throws {HTTPError} (rejects) 503 when the store fails or takes too long; that was logged.
   */
  async save(): Promise<void> {
    const open = this.#open
    const writes = this.#ended.splice(0).map((ended) => this.#sessions.remove(ended, this.#request))
    if (isToBeSaved(open)) {
      this.#hold(open)
      writes.push(this.#sessions.save(open, this.#request))
    }
    const failed = (await Promise.allSettled(writes)).find((write) => write.status === 'rejected')
    this.#failed = failed !== undefined
    // A program may save after its request, which does not release the session again.
    if (this.#released) this.release()
    if (failed !== undefined) throw failed.reason
  }

  /** Whether `save` has something to do. After a failure a broken store is not asked again for the same values. */
  get unsaved(): boolean {
    return !this.#failed && (isToBeSaved(this.#open) || this.#ended.length > 0)
  }

  /**
   * What the response must do with the cookie.
   *
   * @param persistent Whether the cookie has a lifetime, which must be prolonged.
   */
  cookieChange(persistent: boolean): CookieChange {
    const { id, ended, savedMs } = this.#open
    const isKept = !ended && (savedMs !== undefined || (this.#held.has(this.#open) && !this.#failed))
    if (!isKept) return this.#received !== undefined && this.#replaced ? 'clear' : 'keep'
    const isCurrent = this.#received?.id === id && this.#received.current
    return isCurrent && !(persistent && this.#touched) ? 'keep' : 'send'
  }

  /** Seconds for which a browser may keep the cookie. */
  get maxAgeSeconds(): number {
    return Math.floor(this.#sessions.lifetimeMs(this.#open, this.#request.reactor.wallClock()) / 1000)
  }

  /** Is called when the request has ended. */
  release(): void {
    this.#released = true
    for (const held of this.#held) this.#sessions.release(held)
    this.#held.clear()
  }

  #replace(values: SessionValues, createdMs: number): void {
    const old = this.#open
    if (!old.ended && (old.savedMs !== undefined || this.#held.has(old))) {
      this.#sessions.end(old)
      this.#ended.push(old)
    }
    this.#replaced = true
    this.#failed = false
    this.#open = this.#sessions.create(this.#request, values, createdMs)
  }

  #hold(open: OpenSession): void {
    if (this.#held.has(open)) return
    this.#held.add(open)
    this.#sessions.hold(open)
  }
}

function isToBeSaved({ values, ended, savedMs }: OpenSession): boolean {
  return !ended && values.changed && (values.size > 0 || savedMs !== undefined)
}

function nameOf(key: string | SessionKey<JSONValue>): string {
  return key instanceof SessionKey ? key.name : key
}
