import { LocalProtocolError } from '@ropewalk/core'
import { responseHead } from '../codec/response-writer.ts'
import { Headers } from '../message/headers.ts'
import { reasonPhrase } from '../message/status.ts'

/** An error page as it is sent. */
export interface RenderedError {
  readonly body: string | Uint8Array
  /** The Content-Type line, CRLF included. It is sent unless the program has set one, or the body is empty. */
  readonly typeLine: string
  /** More field lines of the head, each with its CRLF. */
  readonly lines: string
}

/** Makes the HTML page for an error status. `detail` is escaped. */
export function htmlError(code: number, detail?: string): RenderedError {
  return { body: errorBody(code, detail), typeLine: HTML_TYPE, lines: '' }
}

/**
 * Makes the response to bytes that did not become a request: an error page, after which the connection ends.
 *
 * @param dateLine The Date field's line, CRLF included.
 * @returns the head, then the body.
 */
export function earlyRefusal(
  code: number,
  dateLine: string,
  { body, typeLine, lines }: RenderedError = htmlError(code),
): readonly (string | Uint8Array)[] {
  const type = body.length === 0 ? '' : typeLine
  const framing = `${type}${dateLine}${lines}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n`
  return [responseHead(code, undefined, new Headers(), framing), body]
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

/** Makes the error of a program that has sent a response where it was asked for an error page. */
export function pageWritten(): LocalProtocolError {
  return new LocalProtocolError(
    'Cannot send an error page: errorPage has written a response, return the page instead',
  )
}

/** Returns what a handler has thrown as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** Escapes text for use between tags and in quoted attributes. */
export function escapeHTML(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** The Content-Type line of an HTML page. */
export const HTML_TYPE: string = 'Content-Type: text/html; charset=utf-8\r\n'
const NEEDS_ESCAPE = /[&<>"']/
