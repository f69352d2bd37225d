import { RemoteProtocolError } from '../errors.ts'

/** The parts of a request target. */
export interface RequestTarget {
  /** The path, still percent-encoded; `*` for the whole server, '' for `CONNECT`. */
  readonly path: string
  /** The text after the first `?`; '' when there is none. */
  readonly query: string
  /** The host and port of the absolute and the authority form; undefined for the others. */
  readonly authority: string | undefined
}

/**
 * Parses a request target, according to its form.
 *
 *     origin     /where?q=now           CONNECT only   authority   www.example.com:80
 *     absolute   http://host/path       OPTIONS only   asterisk    *
 *
 * @param target Visible ASCII: the request line has been checked.
 * @throws {RemoteProtocolError} `malformed-target`, when the target has none of these forms.
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
  // RFC 9112 §3.2.4: OPTIONS for a URI without a path asks a proxy about the whole server.
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
 * Percent-encodes what a header cannot hold of a URL, as UTF-8: blanks, and characters outside ASCII (RFC
 * 3986 §2.1). It leaves existing percent-encodings as they are, and also control characters, which the header
 * refuses.
 */
export function asciiURL(url: string): string {
  return url.replaceAll(NOT_VISIBLE_ASCII, (text) =>
    Buffer.from(text)
      .toString('hex')
      .replaceAll(/../g, (byte) => `%${byte.toUpperCase()}`),
  )
}

const SLASH = 0x2f
/** RFC 9110 §4.2.1, §9.3.6: the host is never empty, and the port of CONNECT is not empty. */
const ABSOLUTE_FORM = /^https?:\/\/([^/?:][^/?]*)/i
const AUTHORITY_FORM = /^[^/:][^/]*:[0-9]+$/
const ASTERISK: RequestTarget = { path: '*', query: '', authority: undefined }
const NOT_VISIBLE_ASCII = /(?: |[^\0-\x7f])+/g
