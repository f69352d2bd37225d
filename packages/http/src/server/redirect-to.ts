import { escapeHTML } from './error-response.ts'

/** The part of a request that a redirect uses. */
interface RedirectedRequest {
  redirect(url: string, code?: number): void
  setHeader(name: string, value: string): void
  readonly responseHeaders: { get(name: string): string | undefined }
}

/**
 * Redirects the client to a URL, and returns a page with a link to it, for clients that do not follow:
 * `return redirectTo('/me', request)`.
 *
 * @param url An absolute URL or a path. Check a URL that comes from a request: `//host` leads to another host.
 * @param code 302, or 303 after a POST; 307 and 308 keep the method.
 * @throws {TypeError | RangeError} as `request.redirect` does.
 */
export function redirectTo(url: string, request: RedirectedRequest, code: number = 302): string {
  request.redirect(url, code)
  request.setHeader('Content-Type', 'text/html; charset=utf-8')
  const target = escapeHTML(request.responseHeaders.get('location') ?? '')
  return `<!doctype html><html><head><title>Redirect</title></head><body><a href="${target}">${target}</a></body></html>\n`
}
