import { RemoteProtocolError } from '../errors.ts'

/** A request target, taken apart. */
export interface RequestTarget {
  /** The path, still percent-encoded; `*` for the whole server, '' for `CONNECT`. */
  readonly path: string
  /** What follows the first `?`, '' for nothing. */
  readonly query: string
  /** The host and port of the absolute and the authority form; undefined for the others. */
  readonly authority: string | undefined
}

/**
 * Takes a request target apart, by its form.
 *
 *     origin     /where?q=now           CONNECT only   authority   www.example.com:80
 *     absolute   http://host/path       OPTIONS only   asterisk    *
 *
 * @param target Visible ASCII, as the request line allows it.
 * @throws {RemoteProtocolError} malformed-target
 * @see RFC 9112 §3.2
 */
export function parseRequestTarget(method: string, target: string): RequestTarget {
  if (method === 'CONNECT') {
    if (!AUTHORITY_FORM.test(target)) throw malformed(target)
    return { path: '', query: '', authority: target }
  }
  if (target.includes('#')) throw malformed(target)
  if (target.charCodeAt(0) === SLASH) return originForm(target, undefined)
  if (target === '*' && method === 'OPTIONS') return ASTERISK
  const [prefix = '', authority = ''] = ABSOLUTE_FORM.exec(target) ?? []
  if (prefix === '') throw malformed(target)
  const rest = target.slice(prefix.length)
  // RFC 9112 §3.2.4: so a proxy is asked about the whole of a server.
  if (rest === '' && method === 'OPTIONS') return { path: '*', query: '', authority }
  return originForm(rest.startsWith('/') ? rest : `/${rest}`, authority)
}

function originForm(target: string, authority: string | undefined): RequestTarget {
  const mark = target.indexOf('?')
  if (mark < 0) return { path: target, query: '', authority }
  return { path: target.slice(0, mark), query: target.slice(mark + 1), authority }
}

function malformed(target: string): RemoteProtocolError {
  return new RemoteProtocolError(
    'malformed-target',
    `Cannot read request target from "${target.slice(0, 80)}"`,
  )
}

/**
 * A URL as a header can hold it: what is not ASCII, and blanks, as percent-encoded UTF-8 (RFC 3986 §2.1). What is
 * percent-encoded already stays, and control characters, which the header refuses.
 */
export function asciiURL(url: string): string {
  return url.replaceAll(NOT_VISIBLE_ASCII, (text) =>
    Buffer.from(text)
      .toString('hex')
      .replaceAll(/../g, (byte) => `%${byte.toUpperCase()}`),
  )
}

const SLASH = 0x2f
/** RFC 9110 §4.2.1, §9.3.6: neither has an empty host, and CONNECT no empty port. */
const ABSOLUTE_FORM = /^https?:\/\/([^/?:][^/?]*)/i
const AUTHORITY_FORM = /^[^/:][^/]*:[0-9]+$/
const ASTERISK: RequestTarget = { path: '*', query: '', authority: undefined }
const NOT_VISIBLE_ASCII = /(?: |[^\0-\x7f])+/g
