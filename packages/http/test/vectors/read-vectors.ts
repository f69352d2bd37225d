import type { RemoteProtocolError } from '../../src/errors.ts'
import type { RequestHead } from '../../src/codec/request-head.ts'
import { type Read } from '../codec/read-requests.ts'

/** A connection's bytes, and the events read from them. */
export interface Vector {
  readonly title: string
  readonly bytes: Buffer
  readonly events: string
}

/**
 * Returns the vectors of a Markdown text: under each `###` title a block `http`, then a block `events`.
 *
 * Every line of an `http` block ends with CRLF on the wire. A backslash at its end removes the CRLF, and
 * `\r`, `\n`, `\t`, `\\` and `\x00` stand for bytes.
 */
export function vectorsOf(markdown: string): Vector[] {
  return [...markdown.matchAll(VECTOR)].map(({ groups = {} }) => {
    const { title = '', http = '', events = '' } = groups
    return { title, bytes: Buffer.from(unescaped(http.replaceAll('\n', '\r\n')), 'latin1'), events }
  })
}

/** Formats what was read as an `events` block. */
export function eventsOf(read: Read): string {
  const lines = read.requests.flatMap(({ head, body, ended, trailers }) => [
    ...headLines(head),
    ...(body === '' ? [] : [`data ${JSON.stringify(body)}`]),
    ...fieldLines('trailer', trailers),
    ...(ended ? ['end'] : []),
  ])
  if (read.refused !== undefined) lines.push(refusal(read.refused))
  return lines.map((line) => `${line}\n`).join('')
}

function headLines(head: RequestHead): string[] {
  const { method, target, version, host = 'no host', framing, persistent, expectsContinue } = head
  const body = framing.kind === 'length' ? `${framing.bytes} bytes` : framing.kind
  const wishes = [persistent ? 'keep open' : 'close', ...(expectsContinue ? ['100-continue'] : [])]
  return [
    `head ${method} ${target} HTTP/${version} of ${host}, body: ${body}, ${wishes.join(', ')}`,
    ...fieldLines('field', head.fields),
  ]
}

function fieldLines(kind: 'field' | 'trailer', fields: readonly string[]): string[] {
  return fields.flatMap((name, at) =>
    at % 2 === 0 ? [`${kind} ${name}: ${JSON.stringify(fields[at + 1])}`] : [],
  )
}

function refusal({ statusCode, violation }: RemoteProtocolError): string {
  return `refused ${statusCode} ${violation}`
}

function unescaped(text: string): string {
  return text.replaceAll(ESCAPE, (escape, hex: string | undefined) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    return BYTES[escape] ?? ''
  })
}

const VECTOR = /^### (?<title>.+)\n[^]*?^```http\n(?<http>[^]*?)^```\n+^```events\n(?<events>[^]*?)^```$/gm
const ESCAPE = /\\(?:x([0-9a-f]{2})|[rnt\\]|\r\n)/g
const BYTES: Readonly<Record<string, string>> = { '\\r': '\r', '\\n': '\n', '\\t': '\t', '\\\\': '\\' }
