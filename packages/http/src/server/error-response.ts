import { responseHead } from '../codec/response-writer.ts'
import { Headers } from '../message/headers.ts'
import { reasonPhrase } from '../message/status.ts'

/**
 * Makes the response to bytes that did not become a request: an error page, after which the connection ends.
 *
 * @param dateLine The Date field's line, CRLF included.
 * @returns the head, then the body.
 */
export function earlyRefusal(code: number, dateLine: string): readonly (string | Buffer)[] {
  const page = errorBody(code)
  const headers = new Headers()
  headers.setRawHeaders('Content-Type', ['text/html; charset=utf-8'])
  const framing = `${dateLine}Content-Length: ${Buffer.byteLength(page)}\r\nConnection: close\r\n`
  return [responseHead(code, undefined, headers, framing), page]
}

/**
 * Makes a small HTML page for an error status. `detail` is escaped, and left out if it equals the reason
 * phrase, which is in the title. The page contains nothing from the request.
 */
export function errorBody(code: number, detail: string = ''): string {
  const phrase = reasonPhrase(code)
  const title = `${code} ${escapeHTML(phrase)}`
  const paragraph = detail === '' || detail === phrase ? '' : `<p>${escapeHTML(detail)}</p>`
  return `<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1>${paragraph}</body></html>\n`
}

/** Escapes text for use between tags and in quoted attributes. */
export function escapeHTML(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

const NEEDS_ESCAPE = /[&<>"']/
