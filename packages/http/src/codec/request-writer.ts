import { isToken } from '../message/field-grammar.ts'
import type { Headers } from '../message/headers.ts'

/**
 * Returns a request's head as it is sent: request line, fields, empty line (RFC 9112 §3).
 *
 * @throws {TypeError} when the method is not a token, or the target is not visible ASCII: it could inject fields.
 */
export function requestHead(method: string, target: string, headers: Headers): Buffer {
  if (!isToken(method)) throw new TypeError(`Cannot send the method ${JSON.stringify(method.slice(0, 80))}`)
  if (!VISIBLE.test(target))
    throw new TypeError(`Cannot send the target ${JSON.stringify(target.slice(0, 80))}: encode it`)
  return Buffer.from(`${method} ${target} HTTP/1.1\r\n${headers.toWire()}\r\n`, 'latin1')
}

const VISIBLE = /^[\x21-\x7e]+$/
