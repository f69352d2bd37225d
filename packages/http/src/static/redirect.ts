import { checkValue, type OptionRule } from '@ropewalk/core/options'
import { asciiURL } from '../message/request-target.ts'
import { isFieldValue } from '../message/field-grammar.ts'
import type { Request } from '../server/request.ts'
import type { RenderResult } from '../site/render-result.ts'
import { Resource } from '../site/resource.ts'
import { html } from '../site/html.ts'

/** Redirects every request for it, and for the paths below it, to one URL. */
export class Redirect extends Resource {
  override readonly isLeaf = true
  /** Where it redirects to. */
  readonly url: string
  readonly #code: number

  /**
   * @param url Absolute, or relative to the URL of the request.
   * @param code 302 by default; 301 for good; 303 after a POST; 307 and 308 keep method and body.
   * @throws {TypeError | RangeError} for another status, or a URL that is empty or has control characters.
   */
  constructor(url: string, code: number = FOUND) {
    super()
    checkRedirect('Redirect', url, code)
    this.url = url
    this.#code = code
  }

  override render(request: Request): RenderResult {
    return redirectTo(this.url, request, this.#code)
  }
}

/**
 * Redirects a request: sets status and Location, and returns a page with a link, for the client that does not follow.
 *
 *     override render_GET(request: Request) {
 *       return redirectTo('/login', request)
 *     }
 *
 * @throws {TypeError | RangeError} as the constructor of `Redirect` does.
 */
export function redirectTo(url: string, request: Request, code: number = FOUND): string {
  checkRedirect('redirectTo', url, code)
  request.redirect(url, code)
  request.setHeader('Content-Type', 'text/html; charset=utf-8')
  return String(
    html`<!doctype html>
      <html>
        <head>
          <title>Redirect</title>
        </head>
        <body>
          <a href="${url}">${url}</a>
        </body>
      </html> `,
  )
}

function checkRedirect(owner: string, url: string, code: number): void {
  checkValue(owner, 'url', url, LOCATION)
  checkValue(owner, 'code', code, REDIRECTION)
}

const LOCATION: OptionRule = (value) => {
  const wanted = 'a URL without control characters'
  if (typeof value !== 'string') return { kind: 'type', wanted }
  return value !== '' && isFieldValue(asciiURL(value)) ? undefined : { kind: 'range', wanted }
}

/** RFC 9110 §15.4: the statuses that redirect by themselves. */
const REDIRECTION: OptionRule = (value) => {
  const wanted = '301, 302, 303, 307 or 308'
  if (typeof value !== 'number') return { kind: 'type', wanted }
  return CODES.has(value) ? undefined : { kind: 'range', wanted }
}

const CODES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const FOUND = 302
