import { lowerCaseElements } from './field-grammar.ts'
import { Headers } from './headers.ts'

/**
 * The fields that are sent after the body of a response (RFC 9110 §6.5). Their names are sent before it, in
 * Trailer; their values may be computed at the end.
 */
export class Trailers {
  readonly #fields = new Map<string, { readonly name: string; readonly value: TrailerValue }>()

  /** The value of the Trailer header: the names, as they were first given. */
  get names(): string {
    return Array.from(this.#fields.values(), ({ name }) => name).join(', ')
  }

  /** Whether a name was set, compared without regard to case. */
  has(name: string): boolean {
    return this.#fields.has(name.toLowerCase())
  }

  /**
   * Sets the value of a name.
   *
   * @throws {TypeError} when the name is not a token, or names a field that cannot be a trailer, or the value cannot
   *   be sent.
   */
  set(name: string, value: TrailerValue): void {
    // The check of a header. What a function returns is checked when it is called.
    new Headers().setRawHeaders(name, typeof value === 'function' ? [] : [value])
    const key = name.toLowerCase()
    if (FORBIDDEN.has(key) || FORBIDDEN_KIND.test(key)) {
      throw new TypeError(
        `Cannot send ${name} as a trailer: a client needs it before the body, use setHeader`,
      )
    }
    this.#fields.set(key, { name: this.#fields.get(key)?.name ?? name, value })
  }

  /**
   * Returns the fields as they are sent, and computes the values that are functions.
   *
   * @throws {TypeError} when such a value cannot be sent; and what the function throws.
   */
  fields(): Headers {
    const headers = new Headers()
    for (const { name, value } of this.#fields.values()) {
      const sent: unknown = typeof value === 'function' ? value() : value
      // The check of a header refuses a promise. Its rejection would end the process.
      if (sent instanceof Promise) sent.catch(() => undefined)
      headers.addRawHeader(name, sent as string)
    }
    return headers
  }
}

/** The value of a trailer, or a function that is called for it once the body was sent. */
export type TrailerValue = string | (() => string)

/** Whether the client of a request reads trailers: it must send `TE: trailers` (RFC 9110 §6.5.1). */
export function acceptsTrailers(requestHeaders: Headers): boolean {
  return lowerCaseElements(requestHeaders.getRawHeaders('te') ?? []).includes('trailers')
}

/**
 * RFC 9110 §6.5.1: fields for framing, routing, authentication, request modifiers and response control, and those
 * that decide how the content is processed. They would come too late, and a recipient that merged them would be
 * deceived.
 */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'accept-ranges',
  'age',
  'authorization',
  'cache-control',
  'connection',
  'cookie',
  'cookie2',
  'date',
  'expect',
  'expires',
  'host',
  'http2-settings',
  'keep-alive',
  'location',
  'max-forwards',
  'pragma',
  'range',
  'retry-after',
  'set-cookie',
  'set-cookie2',
  'strict-transport-security',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'vary',
  'via',
  'warning',
  'www-authenticate',
])
const FORBIDDEN_KIND = /^(?:access-control-|content-(?!digest$)|if-|proxy-|sec-|x-forwarded-|forwarded$)/
