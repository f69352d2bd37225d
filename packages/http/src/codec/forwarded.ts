import { isToken, trimBlanks } from '../message/field-grammar.ts'

/** What one proxy states about the request that it received. */
export interface ForwardedElement {
  /** The client of this proxy: an address, `unknown`, or an identifier that begins with `_`. */
  readonly for: ForwardedNode | undefined
  /** The scheme of the request, in lower case. */
  readonly proto: string | undefined
  /** The Host of the request. */
  readonly host: string | undefined
}

/** One end of a connection, as a proxy names it. */
export interface ForwardedNode {
  /** An IP address without brackets, `unknown`, or an identifier that begins with `_`. */
  readonly name: string
  /** undefined when it is not stated, or is an identifier. */
  readonly port: number | undefined
}

/**
 * Reads the Forwarded field:
 *
 *     Forwarded         = 1#forwarded-element          nearest to the client first
 *     forwarded-element = [ pair ] *( ";" [ pair ] )
 *     pair              = token "=" ( token / quoted-string )
 *
 * Parameters of other names are checked and left out.
 *
 * @param value All field lines, joined with commas.
 * @returns undefined when the value does not follow the grammar.
 * @see RFC 7239 §4
 */
export function parseForwarded(value: string): readonly ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = []
  let pairs = new Map<string, string>()
  for (let at = 0; ; at++) {
    at = skipBlanks(value, at)
    const pair = pairAt(value, at)
    if (pair === 'malformed') return undefined
    if (pair !== undefined) {
      if (pairs.has(pair.name)) return undefined
      pairs.set(pair.name, pair.value)
      at = skipBlanks(value, pair.end)
    }
    const sign = value[at]
    if (sign === ';') continue
    if (sign !== undefined && sign !== ',') return undefined
    // RFC 9110 §5.6.1: an empty element of a list does not count.
    if (pairs.size > 0) {
      const element = elementOf(pairs)
      if (element === undefined) return undefined
      elements.push(element)
      pairs = new Map()
    }
    if (sign === undefined) return elements.length === 0 ? undefined : elements
  }
}

/**
 * Reads one address of X-Forwarded-For, which no RFC defines: `192.0.2.1`, `2001:db8::1`, either with a port
 * (`[2001:db8::1]:80`), or `unknown`. The form of an address is checked by the caller, as in Forwarded (RFC
 * 7239 §5.2).
 *
 * @returns undefined for anything else.
 */
export function parseForwardedFor(text: string): ForwardedNode | undefined {
  const bare = trimBlanks(text)
  if (bare.includes(':') && BARE_IPV6.test(bare)) return { name: bare, port: undefined }
  const node = nodeOf(bare)
  return node?.name.startsWith('_') === true ? undefined : node
}

interface Pair {
  readonly name: string
  readonly value: string
  /** The offset after it. */
  readonly end: number
}

/** Returns undefined when there is no pair at this offset. */
function pairAt(text: string, start: number): Pair | 'malformed' | undefined {
  if (start >= text.length || text[start] === ';' || text[start] === ',') return undefined
  const equals = text.indexOf('=', start)
  const name = equals < 0 ? '' : text.slice(start, equals)
  if (!isToken(name)) return 'malformed'
  const valueAt = equals + 1
  if (text[valueAt] === '"') return quotedPair(text, name, valueAt)
  let end = valueAt
  while (end < text.length && !ENDS_TOKEN.has(text.charCodeAt(end))) end++
  const value = text.slice(valueAt, end)
  return isToken(value) ? { name: name.toLowerCase(), value, end } : 'malformed'
}

/** RFC 9110 §5.6.4: a backslash stands before a character that is taken as it is. */
function quotedPair(text: string, name: string, quoteAt: number): Pair | 'malformed' {
  let value = ''
  for (let at = quoteAt + 1; at < text.length; at++) {
    if (text[at] === '"') return { name: name.toLowerCase(), value, end: at + 1 }
    if (text[at] === '\\') at++
    value += text[at] ?? ''
  }
  return 'malformed'
}

function elementOf(pairs: ReadonlyMap<string, string>): ForwardedElement | undefined {
  const stated = pairs.get('for')
  const node = stated === undefined ? undefined : nodeOf(stated)
  if (stated !== undefined && node === undefined) return undefined
  return { for: node, proto: pairs.get('proto')?.toLowerCase(), host: pairs.get('host') }
}

/** RFC 7239 §6: `node = nodename [ ":" node-port ]`. */
function nodeOf(text: string): ForwardedNode | undefined {
  const { name, bracketed, port } = NODE.exec(text)?.groups ?? {}
  const named = bracketed ?? name
  if (named === undefined) return undefined
  const number = port === undefined || port.startsWith('_') ? undefined : Number(port)
  if (number !== undefined && number > 65_535) return undefined
  return { name: named.startsWith('_') ? named : named.toLowerCase(), port: number }
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\t') at++
  return at
}

/** The characters after which the value of a pair cannot continue: tab, blank, comma, semicolon. */
const ENDS_TOKEN: ReadonlySet<number> = new Set([0x09, 0x20, 0x2c, 0x3b])
/** RFC 7239 §6.3: an identifier begins with `_`, so that it is never an address or `unknown`. */
const OBFUSCATED = String.raw`_[A-Za-z0-9._-]+`
const NODE = new RegExp(
  String.raw`^(?:\[(?<bracketed>[0-9A-Fa-f:.]+)\]|(?<name>[0-9.]+|[Uu][Nn][Kk][Nn][Oo][Ww][Nn]|${OBFUSCATED}))(?::(?<port>[0-9]{1,5}|${OBFUSCATED}))?$`,
)
/** At least two colons: with one, the text after it is a port. */
const BARE_IPV6 = /^[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*$/
