import { isToken, listElements, trimBlanks } from '@ropewalk/http'

/** An extension that a client offers. */
export interface ExtensionOffer {
  readonly name: string
  /** In the order received; the value is undefined for a parameter without one. */
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[]
}

/**
 * Reads the values of Sec-WebSocket-Extensions (RFC 6455 §9.1).
 *
 * The list is split at its commas before quoted strings are parsed. This is safe because a quoted value must
 * be a token too, which contains no comma, semicolon or equals sign.
 *
 * @returns undefined when a value does not follow the grammar.
 */
export function parseExtensions(values: readonly string[]): readonly ExtensionOffer[] | undefined {
  const offers: ExtensionOffer[] = []
  for (const element of presentElements(values) ?? [MALFORMED]) {
    const offer = parseOffer(element)
    if (offer === undefined) return undefined
    offers.push(offer)
  }
  return offers
}

function parseOffer(element: string): ExtensionOffer | undefined {
  const [first = '', ...rest] = element.split(';')
  const name = trimBlanks(first)
  if (!isToken(name)) return undefined
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
  const name = trimBlanks(equals < 0 ? part : part.slice(0, equals))
  if (!isToken(name)) return undefined
  if (equals < 0) return [name, undefined]
  const value = trimBlanks(part.slice(equals + 1))
  const token = QUOTED.test(value) ? value.slice(1, -1).replaceAll('\\', '') : value
  return isToken(token) ? [name, token] : undefined
}

/**
 * Returns the elements of a list header that are not empty, in order (RFC 9110 §5.6.1).
 *
 * Up to 16 empty elements are ignored.
 *
 * @param values The values of all fields of that name.
 * @returns undefined when the list has more than 16 empty elements, or nothing but empty elements.
 */
export function presentElements(values: readonly string[]): readonly string[] | undefined {
  // A field with an empty value counts as absent.
  const present = values.filter((value) => trimBlanks(value) !== '')
  if (present.length === 0) return []
  const all = listElements(present)
  const elements = all.filter((element) => element !== '')
  const tooManyEmpty = all.length - elements.length > MAX_EMPTY_ELEMENTS
  return tooManyEmpty || elements.length === 0 ? undefined : elements
}

/** Stands for a malformed list: it fails to parse, and no element of a valid list is empty. */
const MALFORMED = ''
/** A quoted string without a quote or a backslash in its value. */
const QUOTED = /^"(?:\\?[^"\\])+"$/
/** RFC 9110 §5.6.1.2: a recipient must ignore a reasonable number of empty elements. */
const MAX_EMPTY_ELEMENTS = 16
