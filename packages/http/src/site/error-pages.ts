import { settleSafely } from '@ropewalk/core/reactor'
import { HTTPError, statusOf } from '../errors.ts'
import { preferredType } from '../message/negotiation.ts'
import { reasonPhrase } from '../message/status.ts'
import { errorBody, HTML_TYPE, type RenderedError } from '../response/error-response.ts'
import type { Request } from '../server/request.ts'
import { developmentPage } from './development-page.ts'
import { HTML } from './html.ts'
import { type Body, isJSONBody, type JSONBody, shownType, textOfJSON } from './render-result.ts'

/** What an `errorPage` may return: a whole body, `html` of a template, or a value that is sent as JSON. */
export type ErrorBody = Body | HTML | JSONBody

/** The error pages that a site sends unless the program makes its own. */
export class ErrorPages {
  /** HTML pages without a detail, by status: requests for missing pages are frequent. There are 200 at most. */
  readonly #plain = new Map<number, RenderedError>()

  /**
   * Returns the page for an error, as HTML, JSON or problem details, whichever the client prefers. It contains
   * nothing from the request.
   *
   * @param tracebacks Whether a page for a fault of the program shows the error and the request.
   * @see RFC 9457 §3
   */
  standard(error: unknown, request: Request | undefined, tracebacks: boolean): RenderedError {
    const status = statusOf(error)
    const type = pageType(request)
    const shown = tracebacks && status >= 500
    if (type === 'text/html')
      return shown
        ? { body: developmentPage(error, request), typeLine: HTML_TYPE, lines: DEVELOPMENT_LINES }
        : this.#html(error, status)
    const body = `${JSON.stringify(problemOf(error, status, shown))}\n`
    return { body, typeLine: `Content-Type: ${type}\r\n`, lines: VARY }
  }

  #html(error: unknown, status: number): RenderedError {
    const detail = detailOf(error, status)
    if (detail !== undefined) return { body: errorBody(status, detail), typeLine: HTML_TYPE, lines: VARY }
    let page = this.#plain.get(status)
    if (page === undefined)
      this.#plain.set(status, (page = { body: errorBody(status), typeLine: HTML_TYPE, lines: VARY }))
    return page
  }
}

/**
 * Returns the page that a program has made.
 *
 * @throws {TypeError} when it is a promise, or anything else that cannot be sent at once.
 */
export function ownPage(page: ErrorBody): RenderedError {
  if (typeof page === 'string') return { body: page, typeLine: HTML_TYPE, lines: '' }
  if (page instanceof Uint8Array) return { body: page, typeLine: BYTES_TYPE, lines: '' }
  if (page instanceof HTML) return { body: page.toString(), typeLine: HTML_TYPE, lines: '' }
  if (isJSONBody(page)) return { body: textOfJSON(page), typeLine: JSON_TYPE, lines: '' }
  // Any client can cause an error page: the rejection of a promise would end the process.
  void settleSafely(page, () => undefined)
  throw new TypeError(
    `Cannot send what errorPage returned (${shownType(page)}): return a string, bytes, an object for JSON or undefined`,
  )
}

/** The members of problem details. Without `type`, the title is that of the status (RFC 9457 §4.2.1). */
interface Problem {
  readonly title: string
  readonly status: number
  readonly detail?: string | undefined
  /** An extension: the lines of the error's stack, in development. */
  readonly stack?: readonly string[] | undefined
}

function problemOf(error: unknown, status: number, tracebacks: boolean): Problem {
  const fault = tracebacks && error instanceof Error ? error : undefined
  return {
    title: reasonPhrase(status),
    status,
    detail: detailOf(error, status) ?? fault?.message,
    stack: fault?.stack?.split('\n').map((line) => line.trim()),
  }
}

/** What a resource has written about the error, if it is more than the reason phrase. */
function detailOf(error: unknown, status: number): string | undefined {
  if (!(error instanceof HTTPError) || error.message === reasonPhrase(status)) return undefined
  return error.message
}

/** Returns the type of error page that a client prefers. One that accepts none of them gets HTML. */
function pageType(request: Request | undefined): PageType {
  const accept = request?.getHeader('accept')
  // What most clients send: nothing, curl and fetch anything, browsers HTML before all else.
  if (request === undefined || accept === undefined || accept === '*/*' || accept.startsWith('text/html,'))
    return 'text/html'
  return preferredType(request.requestHeaders, TYPES) ?? 'text/html'
}

type PageType = (typeof TYPES)[number]

/** The first of those that a client prefers alike. */
const TYPES = ['text/html', 'application/problem+json', 'application/json'] as const
/** The page depends on Accept, and a cache may keep a 404 (RFC 9110 §12.5.5, §15.1). */
const VARY = 'Vary: Accept\r\n'
const BYTES_TYPE = 'Content-Type: application/octet-stream\r\n'
const JSON_TYPE = 'Content-Type: application/json\r\n'
/** Even text that a page failed to escape could not run in it. */
const DEVELOPMENT_LINES = `${VARY}Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n`
