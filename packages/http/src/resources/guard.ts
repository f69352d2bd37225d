import { isThenable } from '@ropewalk/core/reactor'
import {
  callable,
  having,
  listOf,
  milliseconds,
  type OptionRule,
  type OptionRules,
} from '@ropewalk/core/options'
import { HTTPError } from '../errors.ts'
import { quotedString } from '../message/field-grammar.ts'
import type { Request } from '../server/request.ts'
import type { Rendered, RenderResult } from '../site/render-result.ts'
import type { Resource } from '../site/resource.ts'
import { type Credentials, credentialsOf, decodeBasic } from './authentication.ts'
import { logFault } from './log-fault.ts'
import { checkRequired } from './required-options.ts'
import type { RequestSlot } from './request-slot.ts'
import { within } from './within.ts'
import { WrappingResource } from './wrapping-resource.ts'

/**
 * What a check returns: true or an identity, such as the record of a user, to let the request in; false, null or
 * undefined to refuse it; or a promise of one of these. It may throw an HTTPError, such as a 403.
 */
export type CheckResult<T> = Checked<T> | PromiseLike<Checked<T>>
/** An identity or true, or a refusal. */
export type Checked<T> = T | boolean | null | undefined

/** A way to authenticate that `guard` does not have itself. */
export interface AuthenticationScheme<T> {
  /** The scheme in the Authorization header, such as `Digest`, compared without regard to case. */
  readonly scheme: string
  /**
   * Returns a challenge, the value of one WWW-Authenticate field. Its quoted strings must be escaped: see
   * `quotedString`.
   *
   * @param credentials What the client sent under this scheme and was refused; undefined when it sent nothing.
   */
  challenge(request: Request, credentials: string | undefined): string
  /** Checks what follows the scheme in the Authorization header. */
  check(credentials: string, request: Request): CheckResult<T>
}

/** Options of `guard`. At least one of `basic`, `bearer` and `schemes` is needed. */
export interface GuardOptions<T> {
  /** The name of the protected area, which browsers show: printable ASCII. */
  readonly realm: string
  /** Checks the user and the password of Basic authentication. Use it over https only. */
  readonly basic?: ((user: string, password: string, request: Request) => CheckResult<T>) | undefined
  /** Checks a bearer token (RFC 6750). */
  readonly bearer?: ((token: string, request: Request) => CheckResult<T>) | undefined
  /** Other schemes. */
  readonly schemes?: readonly AuthenticationScheme<T>[] | undefined
  /** Where the identity that a check returns is kept on the request, for the resources below. */
  readonly identity?: RequestSlot<T> | undefined
  /** Longest wait for a check, in milliseconds. Beyond it: 503. Default 10 000. */
  readonly checkTimeoutMs?: number | undefined
}

/**
 * Lets only authenticated requests through to `resource` and what is below it. Any other request gets a 401 with a
 * WWW-Authenticate for each scheme, and no part of its body is asked for.
 *
 * A check that throws something other than an HTTPError, or rejects, lets the request not in: the response is a 500.
 *
 * @throws {TypeError | RangeError} when `resource` is not a Resource, or an option is missing, unknown or wrong.
 * @see RFC 9110 §11
 */
export function guard<T = unknown>(resource: Resource, options: GuardOptions<T>): Resource {
  return new Guarded(resource, options)
}

class Guarded<T> extends WrappingResource {
  readonly #schemes: readonly AuthenticationScheme<T>[]
  readonly #identity: RequestSlot<T> | undefined
  readonly #checkTimeoutMs: number

  constructor(resource: Resource, options: GuardOptions<T>) {
    super(resource, 'guard')
    checkRequired('guard', options, "{ realm: 'Staff', basic: check }", RULES, 'realm')
    this.#schemes = schemesOf(options)
    if (this.#schemes.length === 0)
      throw new TypeError('Cannot guard without a check: give basic, bearer or schemes')
    this.#identity = options.identity
    this.#checkTimeoutMs = options.checkTimeoutMs ?? DEFAULT_CHECK_TIMEOUT_MS
  }

  override render(request: Request): RenderResult {
    const credentials = credentialsOf(request)
    const scheme = this.#schemes.find((one) => one.scheme.toLowerCase() === credentials?.scheme)
    if (credentials === undefined || scheme === undefined) throw this.#refusal(request, undefined)
    const checked = scheme.check(credentials.value, request)
    if (!isThenable(checked)) return this.#checked(request, credentials, checked)
    return this.#checkedLater(request, credentials, checked)
  }

  async #checkedLater(
    request: Request,
    credentials: Credentials,
    checking: PromiseLike<Checked<T>>,
  ): Promise<Rendered> {
    const checked = await within(request, this.#checkTimeoutMs, checking, () => this.#tooLate(request))
    // The client may have gone meanwhile.
    return request.outcome === undefined ? this.#checked(request, credentials, checked) : ''
  }

  #tooLate(request: Request): HTTPError {
    const late = new Error(`Cannot check credentials within ${this.#checkTimeoutMs} ms`)
    logFault(request, 'A check of guard takes too long', late)
    return HTTPError.withoutStack(503)
  }

  /** @throws {HTTPError} 401 when the check has refused the request. */
  #checked(request: Request, credentials: Credentials, checked: Checked<T>): RenderResult {
    if (checked === false || checked === null || checked === undefined)
      throw this.#refusal(request, credentials)
    if (checked !== true) this.#identity?.set(request, checked)
    return super.render(request)
  }

  #refusal(request: Request, refused: Credentials | undefined): HTTPError {
    const headers = this.#schemes.map((one) => {
      const credentials = one.scheme.toLowerCase() === refused?.scheme ? refused.value : undefined
      return ['WWW-Authenticate', one.challenge(request, credentials)] as const
    })
    return HTTPError.withoutStack(401, undefined, { headers })
  }
}

function schemesOf<T>({ realm, basic, bearer, schemes = [] }: GuardOptions<T>): AuthenticationScheme<T>[] {
  const quoted = quotedString(realm)
  return [
    ...(basic === undefined ? [] : [basicScheme(quoted, basic)]),
    ...(bearer === undefined ? [] : [bearerScheme(quoted, bearer)]),
    ...schemes,
  ]
}

function basicScheme<T>(realm: string, check: Given<GuardOptions<T>['basic']>): AuthenticationScheme<T> {
  return {
    scheme: 'Basic',
    challenge: () => `Basic realm=${realm}, charset="UTF-8"`,
    check: (value, request) => {
      const decoded = decodeBasic(value)
      return decoded === undefined ? false : check(decoded.user, decoded.password, request)
    },
  }
}

/** RFC 6750 §3.1: the error is stated only to a client that has sent a token. */
function bearerScheme<T>(realm: string, check: Given<GuardOptions<T>['bearer']>): AuthenticationScheme<T> {
  const challenge = `Bearer realm=${realm}`
  return {
    scheme: 'Bearer',
    challenge: (_request, token) => (token === undefined ? challenge : `${challenge}, error="invalid_token"`),
    check: (token, request) => {
      if (TOKEN68.test(token)) return check(token, request)
      const headers = [['WWW-Authenticate', `${challenge}, error="invalid_request"`]] as const
      throw HTTPError.withoutStack(400, 'The bearer token is malformed', { headers })
    },
  }
}

type Given<T> = Exclude<T, undefined>

const TOKEN68 = /^[\w.~+/-]+=*$/
const DEFAULT_CHECK_TIMEOUT_MS = 10_000
const REALM: OptionRule = (value) => {
  const wanted = 'a name in printable ASCII'
  if (typeof value !== 'string') return { kind: 'type', wanted }
  return /^[\x20-\x7e]+$/.test(value) ? undefined : { kind: 'range', wanted }
}
const RULES: OptionRules<GuardOptions<never>> = {
  realm: REALM,
  basic: callable,
  bearer: callable,
  schemes: listOf(having('an object with scheme, challenge and check', 'challenge', 'check')),
  identity: having('a RequestSlot', 'get', 'set'),
  checkTimeoutMs: milliseconds({ above: 0 }),
}
