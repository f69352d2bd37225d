import { LocalProtocolError } from '@ropewalk/core'
import { isThenable, tolerated } from '@ropewalk/core/reactor'
import {
  byteCount,
  flag,
  having,
  milliseconds,
  oneOf,
  type OptionRule,
  type OptionRules,
} from '@ropewalk/core/options'
import { HTTPError } from '../errors.ts'
import { isToken } from '../message/field-grammar.ts'
import type { Request } from '../server/request.ts'
import { NOT_DONE_YET, type Rendered, type RenderResult } from '../site/render-result.ts'
import type { Resource } from '../site/resource.ts'
import { logFault } from './log-fault.ts'
import { OpenSessions, type SessionLimits } from './open-sessions.ts'
import { RequestSlot } from './request-slot.ts'
import { checkRequired } from './required-options.ts'
import { Session } from './session.ts'
import { SessionCookie } from './session-cookie.ts'
import { MemorySessionStore, type SessionStore } from './session-store.ts'
import { SessionValues } from './session-values.ts'
import { WrappingResource } from './wrapping-resource.ts'

/** Options of `sessions`. */
export interface SessionsOptions {
  /**
   * Secrets that sign the cookies, each of at least 32 bytes. The first one signs, and all are accepted: to change
   * the key, put the new one first, and remove the old one when the sessions that it signed have expired.
   */
  readonly keys: readonly (string | Uint8Array)[]
  /** Where sessions are kept. Default: in this process, a new `MemorySessionStore`. */
  readonly store?: SessionStore | undefined
  /** Longest time without a request, in milliseconds, up to a tenth less. Then it has expired. Default 900 000. */
  readonly idleTimeoutMs?: number | undefined
  /** Longest time from the creation of a session, in milliseconds. Then it has expired. Default 43 200 000. */
  readonly absoluteTimeoutMs?: number | undefined
  /** Longest wait for the store, in milliseconds. Beyond it: 503. Default 5 000. */
  readonly storeTimeoutMs?: number | undefined
  /** Most bytes of the values of one session, as JSON. Beyond it `set` throws. Default 16 384. */
  readonly maxSessionBytes?: number | undefined
  /** The cookie's name; over https it gets the prefix `__Host-`. Default `session`. */
  readonly cookieName?: string | undefined
  /** Which requests of other sites carry the cookie. `none` is `lax` without https. Default `lax`. */
  readonly sameSite?: 'strict' | 'lax' | 'none' | undefined
  /** Whether browsers keep the cookie when they are closed, until the session expires. Default false. */
  readonly persistent?: boolean | undefined
}

/**
 * Gives the resources behind it sessions: see `getSession`.
 *
 * The cookie holds the id of the session and a signature; it is sent for this host alone, HttpOnly, SameSite, and
 * Secure over https. Ids are random, and an id that the store does not know is never adopted. A response of a
 * resource that has used its session gets `Cache-Control: private`, unless it has a Cache-Control.
 *
 * @throws {TypeError | RangeError} when `resource` is not a Resource, or an option is missing, unknown or wrong.
 */
export function sessions(resource: Resource, options: SessionsOptions): Resource {
  return new WithSessions(resource, options)
}

/**
 * Returns the session of a request: that of its cookie, otherwise a new one, which is kept once a value is set.
 *
 * @throws {HTTPError} (rejects) 503 when the store fails or takes too long; that was logged.
 * @throws {TypeError} (rejects) when no `sessions` is above the resource.
 */
export function getSession(request: Request): Promise<Session> {
  const visit = VISIT.get(request)
  if (visit !== undefined) return visit.getSession()
  return Promise.reject(
    new TypeError('Cannot get a session: put the resource behind sessions(resource, { keys })'),
  )
}

class WithSessions extends WrappingResource {
  readonly #service: SessionService

  constructor(resource: Resource, options: SessionsOptions) {
    super(resource, 'sessions')
    checkRequired('sessions', options, '{ keys: [secret] }', RULES, 'keys')
    const { keys, cookieName: name = 'session', sameSite = 'lax', persistent = false } = options
    const limits: SessionLimits = {
      idleTimeoutMs: options.idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS,
      absoluteTimeoutMs: options.absoluteTimeoutMs ?? DEFAULT_ABSOLUTE_TIMEOUT_MS,
      storeTimeoutMs: options.storeTimeoutMs ?? DEFAULT_STORE_TIMEOUT_MS,
      maxSessionBytes: options.maxSessionBytes ?? DEFAULT_MAX_SESSION_BYTES,
    }
    this.#service = {
      open: new OpenSessions(options.store ?? new MemorySessionStore(), limits),
      cookie: new SessionCookie({ name, sameSite, keys: [...keys] }),
      persistent,
      makeValues: () => new SessionValues(limits.maxSessionBytes),
    }
  }

  override render(request: Request): RenderResult {
    const visit = new Visit(this.#service, request)
    VISIT.set(request, visit)
    let result: RenderResult
    try {
      result = super.render(request)
    } catch (error) {
      if (!visit.unsaved) throw error
      return this.#savedThen(visit, Promise.reject(error))
    }
    if (typeof result !== 'string' && isThenable(result)) return this.#savedThen(visit, result)
    return visit.unsaved ? this.#savedThen(visit, result) : result
  }

  /** Also what a method that fails has set is saved: it may have logged a user out before. */
  async #savedThen(visit: Visit, rendering: RenderResult): Promise<Rendered> {
    let rendered: Rendered
    try {
      rendered = await rendering
    } catch (error) {
      await visit.save()
      throw error
    }
    // It writes its response itself, and may have finished it.
    if (rendered !== NOT_DONE_YET) await visit.save()
    return rendered
  }
}

/** What all requests to one wrapper share. */
interface SessionService {
  readonly open: OpenSessions
  readonly cookie: SessionCookie
  readonly persistent: boolean
  readonly makeValues: () => SessionValues
}

/** One request with its session, which is loaded when it is asked for. */
class Visit {
  readonly #service: SessionService
  readonly #request: Request
  #loading: Promise<Session> | undefined
  #session: Session | undefined
  /** The id in the cookie of the response. */
  #sentId: string | undefined

  constructor(service: SessionService, request: Request) {
    this.#service = service
    this.#request = request
  }

  getSession(): Promise<Session> {
    // A method that begins to load a session and then fails does not await it.
    this.#loading ??= tolerated(this.#load(), (error) => error instanceof HTTPError)
    return this.#loading
  }

  get unsaved(): boolean {
    return this.#session?.unsaved === true
  }

  async save(): Promise<void> {
    if (this.unsaved) await this.#session?.save()
  }

  async #load(): Promise<Session> {
    const { open, cookie, makeValues } = this.#service
    const request = this.#request
    const received = cookie.read(request)
    request.beforeHead(() => this.#prepareHead())
    const found = received === undefined ? undefined : await open.use(received.id, request)
    const session = new Session(open, request, received, found, makeValues)
    this.#session = session
    void this.#saveAtEnd(session)
    return session
  }

  /** What a method sets after its response has begun, as in a stream, is saved at the end of the request. */
  async #saveAtEnd(session: Session): Promise<void> {
    await this.#request.finished
    // A failure was logged where it happened.
    if (session.unsaved) await session.save().catch(() => undefined)
    if (this.#request.outcome === 'complete' && this.#lacksCookie(session)) {
      const advice = 'set the first value, renew or expire a session before the first write'
      const error = new LocalProtocolError(
        `Cannot send the cookie of a session: the head was sent, ${advice}`,
      )
      logFault(this.#request, 'A session is lost', error)
    }
    session.release()
  }

  #lacksCookie(session: Session): boolean {
    return session.cookieChange(false) === 'send' && session.uid !== this.#sentId
  }

  #prepareHead(): void {
    const { cookie, persistent } = this.#service
    const request = this.#request
    if (!request.responseHeaders.hasHeader('cache-control')) request.setHeader('Cache-Control', 'private')
    const session = this.#session
    if (session === undefined) return
    // Of a method that writes its response itself. A failure was logged where it happened.
    if (session.unsaved) void session.save().catch(() => undefined)
    const change = session.cookieChange(persistent)
    this.#sentId = change === 'send' ? session.uid : undefined
    if (change === 'send') cookie.set(request, session.uid, persistent ? session.maxAgeSeconds : undefined)
    else if (change === 'clear') cookie.clear(request)
  }
}

const VISIT = new RequestSlot<Visit>('session')
const MIN_KEY_BYTES = 32
const DEFAULT_IDLE_TIMEOUT_MS = 900_000
const DEFAULT_ABSOLUTE_TIMEOUT_MS = 43_200_000
const DEFAULT_STORE_TIMEOUT_MS = 5_000
const DEFAULT_MAX_SESSION_BYTES = 16_384
const KEYS: OptionRule = (value) => {
  const wanted = `a list of secrets of at least ${MIN_KEY_BYTES} bytes, such as the output of openssl rand -base64 32`
  if (value === undefined) return { kind: 'type', wanted }
  // The message must not show a secret.
  if (!Array.isArray(value)) return { kind: 'type', wanted, found: `with a ${typeof value}` }
  for (const key of value as readonly unknown[]) {
    const found = typeof key === 'string' || key instanceof Uint8Array ? 'with a short one' : typeof key
    const bytes = typeof key === 'string' || key instanceof Uint8Array ? Buffer.byteLength(key) : 0
    if (bytes < MIN_KEY_BYTES) return { kind: 'range', wanted, found }
  }
  return value.length > 0 ? undefined : { kind: 'range', wanted }
}
const COOKIE_NAME: OptionRule = (value) => {
  const wanted = 'a token without the prefix __Host- or __Secure-'
  if (typeof value !== 'string') return { kind: 'type', wanted }
  return isToken(value) && !/^__(?:host|secure)-/i.test(value) ? undefined : { kind: 'range', wanted }
}
const LIFETIME = milliseconds({ above: 0 })
const RULES: OptionRules<SessionsOptions> = {
  keys: KEYS,
  store: having('a SessionStore', 'load', 'save', 'remove'),
  idleTimeoutMs: LIFETIME,
  absoluteTimeoutMs: LIFETIME,
  storeTimeoutMs: LIFETIME,
  maxSessionBytes: byteCount({ least: 1 }),
  cookieName: COOKIE_NAME,
  sameSite: oneOf('strict', 'lax', 'none'),
  persistent: flag,
}
