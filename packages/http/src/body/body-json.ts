import { jsonFaultAt } from '../codec/json-fault.ts'
import { HTTPError } from '../errors.ts'
import { type MediaType, parseMediaType } from '../message/parameters.ts'

/**
 * Checks that a body is JSON, as its Content-Type states. A body without a type is refused too: a page of another site
 * can make a browser send one without the consent of this site.
 *
 * @throws {HTTPError} 415 when it is of another type or has a charset other than UTF-8; 400 for a malformed type.
 */
export function requireJSON(contentType: string | undefined): void {
  const media = contentType === undefined ? undefined : requireMediaType(contentType)
  const charset = media?.parameters.get('charset') ?? 'utf-8'
  if (media !== undefined && JSON_TYPE.test(media.type) && /^utf-?8$/i.test(charset)) return
  throw HTTPError.withoutStack(
    415,
    `Cannot read JSON from ${contentType?.slice(0, 80) ?? UNTYPED}: send application/json`,
  )
}

/** @throws {HTTPError} 400 when the value is malformed. */
export function requireMediaType(value: string): MediaType {
  const media = parseMediaType(value)
  if (media !== undefined) return media
  throw HTTPError.withoutStack(400, `Cannot read Content-Type ${JSON.stringify(value.slice(0, 80))}`)
}

/**
 * Parses JSON.
 *
 * @throws {HTTPError} 400 when the bytes are not UTF-8, or not JSON; the message has the line and the column.
 */
export function parseJSON(bytes: Uint8Array): unknown {
  const text = textOf(bytes)
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw HTTPError.withoutStack(400, `Cannot read the body as JSON: ${faultIn(text)}`, { cause })
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw HTTPError.withoutStack(400, 'Cannot read the body as JSON: it is not UTF-8', { cause })
  }
}

function faultIn(text: string): string {
  const at = jsonFaultAt(text)
  if (at >= text.length) return 'it ends too early'
  const before = text.slice(0, at)
  const line = before.split('\n').length
  const found = String.fromCodePoint(text.codePointAt(at) ?? 0)
  return `unexpected ${JSON.stringify(found)} in line ${line}, column ${at - before.lastIndexOf('\n')}`
}

/** A body without Content-Type, in messages. */
export const UNTYPED = 'a body without Content-Type'
const JSON_TYPE = /^(?:application\/json|[^/]+\/[^/]+\+json)$/
