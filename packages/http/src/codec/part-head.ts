import { parseMediaType, parseParameters } from '../message/parameters.ts'
import { HTTPError } from '../errors.ts'
import { type FormLimits, formTooLarge, malformedForm, type PartHead } from './form-reader.ts'

/**
 * Interprets the header lines of one part of a form.
 *
 *     Content-Disposition: form-data; name="photo"; filename="cat.jpg"
 *     Content-Type: image/jpeg
 *
 * Names are UTF-8 (§5.1.1). As browsers send them, only `\"` and `\\` are escapes in a quoted name. Of a file name the
 * last segment is kept, since it may be a path of the client's system, without characters that change the direction of
 * text. A name with control characters is refused, and so are `.` and `..`.
 *
 * @param fields Name, value, name, value, …; values as latin1.
 * @throws {HTTPError} 400 when the lines are malformed, 413 beyond a limit, 415 for a transfer encoding.
 * @see RFC 7578 §4.2, §4.4, §4.7
 */
export function interpretPartHead(fields: string[], limits: FormLimits): PartHead {
  const disposition = onlyValue(fields, 'content-disposition')
  if (disposition === undefined) throw malformedForm('a part has no Content-Disposition')
  const [kind = ''] = /^form-data(?=[\t ;]|$)/i.exec(disposition) ?? []
  const parameters = parseParameters(disposition.slice(kind.length), unescapeName)
  if (kind === '' || parameters === undefined) throw malformedForm(`a part has ${shown(disposition)}`)
  if (parameters.has('filename*') || parameters.has('name*'))
    throw malformedForm('a part has an extended parameter, which RFC 7578 §4.2 forbids')
  const name = parameters.get('name')
  if (name === undefined) throw malformedForm('a part has no name')
  if (name.length > limits.maxNameBytes) throw formTooLarge(`${limits.maxNameBytes} bytes in a name`)
  const filename = parameters.get('filename')
  if ((filename?.length ?? 0) > limits.maxFileNameBytes)
    throw formTooLarge(`${limits.maxFileNameBytes} bytes in a file name`)
  refuseTransferEncoding(fields)
  return {
    name: textOf(name),
    filename: filename === undefined ? undefined : lastSegment(textOf(filename)),
    type: typeOf(fields),
    fields,
  }
}

/** RFC 7578 §4.7: senders must not encode a part. Decoding it would make two readings of one form. */
function refuseTransferEncoding(fields: readonly string[]): void {
  const encoding = onlyValue(fields, 'content-transfer-encoding') ?? 'binary'
  if (/^(?:7bit|8bit|binary)$/i.test(encoding)) return
  throw HTTPError.withoutStack(415, `Cannot decode a part with Content-Transfer-Encoding ${shown(encoding)}`)
}

function typeOf(fields: readonly string[]): string {
  const value = onlyValue(fields, 'content-type')
  if (value === undefined) return 'text/plain'
  const type = parseMediaType(value)?.type
  if (type === undefined) throw malformedForm(`a part has Content-Type ${shown(value)}`)
  return type
}

/** @throws {HTTPError} 400 when the name is there twice. */
function onlyValue(fields: readonly string[], name: string): string | undefined {
  let value: string | undefined
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]?.toLowerCase() !== name) continue
    if (value !== undefined) throw malformedForm(`a part has several ${name} lines`)
    value = fields[at + 1]
  }
  return value
}

function unescapeName(quoted: string): string {
  return quoted.replaceAll(/\\(["\\])/g, '$1')
}

/** @param latin1 Bytes of UTF-8. */
function textOf(latin1: string): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(latin1, 'latin1'))
  } catch {
    throw malformedForm(`the name ${shown(latin1)} is not UTF-8`)
  }
  if (CONTROL.test(text)) throw malformedForm('a name has a control character')
  return text
}

function lastSegment(filename: string): string {
  const shownName = filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1)
  const name = shownName.replaceAll(DIRECTION, '')
  if (name === '.' || name === '..') throw malformedForm(`${shown(filename)} is not the name of a file`)
  return name
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80))
}

const CONTROL = /\p{Cc}/u
/** Characters that change the direction of text (Unicode TR 9 §2): `exe.gpj` could be shown as `jpg.exe`. */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
