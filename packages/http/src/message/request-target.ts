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
    if (target.includes('/') || !/:[0-9]+$/.test(target)) throw malformed(target)
    return { path: '', query: '', authority: target }
  }
  if (target.includes('#')) throw malformed(target)
  if (target.charCodeAt(0) === SLASH) return originForm(target, undefined)
  if (target === '*' && method === 'OPTIONS') return ASTERISK
  const [prefix = '', authority = ''] = /^https?:\/\/([^/?]+)/i.exec(target) ?? []
  if (prefix === '') throw malformed(target)
  const rest = target.slice(prefix.length)
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

const SLASH = 0x2f
const ASTERISK: RequestTarget = { path: '*', query: '', authority: undefined }
