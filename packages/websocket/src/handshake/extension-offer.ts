import { listElements, TOKEN, trimmed } from './header-list.ts'

/** An extension that a client offers to use. */
export interface ExtensionOffer {
  readonly name: string
  /** In the order in which they were sent; the value is undefined for a parameter without one. */
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[]
}

/**
 * Reads the values of Sec-WebSocket-Extensions (RFC 6455 §9.1).
 *
 * A list is cut at its commas before it is looked at for quoted strings: inside quotes, too, a value
 * must be a token, in which no comma, semicolon or equals sign can stand.
 *
 * @returns undefined when they do not follow the grammar.
 */
export function parseExtensions(values: readonly string[]): readonly ExtensionOffer[] | undefined {
  const offers: ExtensionOffer[] = []
  for (const element of listElements(values) ?? [MALFORMED]) {
    const offer = parseOffer(element)
    if (offer === undefined) return undefined
    offers.push(offer)
  }
  return offers
}

function parseOffer(element: string): ExtensionOffer | undefined {
  const [first = '', ...rest] = element.split(';')
  const name = trimmed(first)
  if (!TOKEN.test(name)) return undefined
  const parameters: (readonly [string, string | undefined])[] = []
  for (const part of rest) {
    const parameter = parseParameter(part)
    if (parameter === undefined) return undefined
    parameters.push(parameter)
  }
  return { name, parameters }
}

function parseParameter(part: string): readonly [string, string | undefined] | undefined {
  const equals = part.indexOf('=')
  const name = trimmed(equals < 0 ? part : part.slice(0, equals))
  if (!TOKEN.test(name)) return undefined
  if (equals < 0) return [name, undefined]
  const value = trimmed(part.slice(equals + 1))
  if (TOKEN.test(value)) return [name, value]
  return QUOTED_TOKEN.test(value) ? [name, value.slice(1, -1).replaceAll('\\', '')] : undefined
}

/** No element is empty: this one stands for a list that is malformed. */
const MALFORMED = ''
/** A quoted string that is a token without its quotes and backslashes. */
const QUOTED_TOKEN = /^"(?:\\?[!#$%&'*+\-.^_`|~0-9A-Za-z])+"$/
