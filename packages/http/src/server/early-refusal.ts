import { Headers } from '../message/headers.ts'
import { responseHead } from '../codec/response-writer.ts'
import { errorBody } from './error-body.ts'

/**
 * The response to bytes that never became a request: an error page, after which the connection ends.
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
