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

/**
 * Returns the elements of a list header, in order and without the blanks around them (RFC 9110 §5.6.1).
 *
 * Up to 16 empty elements are ignored.
 *
 * @param values The values of all fields of that name.
 * @returns undefined when the list has more than 16 empty elements, or nothing but empty elements.
 */
export function listElements(values: readonly string[]): readonly string[] | undefined {
  // A field with an empty value counts as absent.
  const all = splitList(values.filter((value) => trimmed(value) !== ''))
  const elements = all.filter((element) => element !== '')
  const emptyElements = all.length - elements.length
  if (emptyElements > MAX_EMPTY_ELEMENTS) return undefined
  return elements.length === 0 && emptyElements > 0 ? undefined : elements
}

/** Returns the elements of a list header as `listElements` does, but all of them, also the empty ones. */
export function splitList(values: readonly string[]): readonly string[] {
  return values.flatMap((value) => value.split(',')).map(trimmed)
}

/** Removes the spaces and tabs at both ends. */
function trimmed(item: string): string {
  // Not a regular expression: one that matches blanks at the end takes quadratic time.
  let start = 0
  let end = item.length
  while (start < end && isBlank(item[start])) start++
  while (end > start && isBlank(item[end - 1])) end--
  return item.slice(start, end)
}

function isBlank(char: string | undefined): boolean {
  return char === ' ' || char === '\t'
}

/** Stands for a malformed list: it fails to parse, and no element of a valid list is empty. */
const MALFORMED = ''
/** A character of a token (RFC 9110 §5.6.2). */
const TCHAR = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.source
/** A token. */
export const TOKEN: RegExp = new RegExp(`^${TCHAR}+$`)
/** A quoted string that is a token once its quotes and backslashes are removed. */
const QUOTED_TOKEN = new RegExp(String.raw`^"(?:\\?${TCHAR})+"$`)
/** RFC 9110 §5.6.1.2: a recipient must ignore a reasonable number of empty elements. */
const MAX_EMPTY_ELEMENTS = 16
