// What a client accepts, and how much it prefers it (RFC 9110 §12.5). The weights of the elements of Accept,
// Accept-Language and Accept-Encoding are read strictly: an element with a malformed weight is left out, so that
// nothing is sent that the client may have excluded. The most specific element that matches an offer decides its
// weight. Of offers with the same weight, the one that is matched more specifically is taken, then the first one.
//
// The package `negotiator` does not serve here: it reads a weight with parseFloat, so that `q=0.5x` and `q=1e9` count.
// The tests compare with it where the weights are well-formed.
import type { Headers } from './headers.ts'
import { lowerCaseElements, trimBlanks } from './field-grammar.ts'

/**
 * Returns the media type that the client prefers among those on offer.
 *
 * @param offers Such as `text/html` and `application/json`, the server's favourite first.
 * @returns undefined when it accepts none of them. A client without Accept accepts everything.
 * @see RFC 9110 §12.5.1
 *
 * @example
 * ```ts
 * import { Headers, preferredType } from '@ropewalk/http'
 *
 * const headers = new Headers()
 * headers.set('accept', 'text/html;q=0.5, application/json')
 * console.log(preferredType(headers, ['text/html', 'application/json']))
 * ```
 *
 * ```text
 * application/json
 * ```
 */
export function preferredType<const T extends string>(headers: Headers, offers: readonly T[]): T | undefined {
  const accepted = elementsOf(headers, 'accept')
  if (accepted === undefined) return offers[0]
  return best(offers, (offer) => {
    const wanted = mediaType(offer)
    return matchOf(accepted, (range) => typeMatch(range, wanted))
  })
}

/**
 * Returns the language that the client prefers among those on offer. `en` is accepted by a client that wants
 * `en-GB`, and `en-GB` by one that wants `en` (RFC 4647 §3.3.1, §3.4).
 *
 * @param offers Tags such as `en` and `pt-BR`, the server's favourite first.
 * @returns undefined when it accepts none of them. A client without Accept-Language accepts everything.
 * @see RFC 9110 §12.5.4
 */
export function preferredLanguage<const T extends string>(
  headers: Headers,
  offers: readonly T[],
): T | undefined {
  const accepted = elementsOf(headers, 'accept-language')
  if (accepted === undefined) return offers[0]
  return best(offers, (offer) => matchOf(accepted, (range) => languageMatch(range, offer.toLowerCase())))
}

/**
 * Returns the content coding that the client prefers among those on offer.
 *
 * @param offers Such as `br` and `gzip`, the server's favourite first; `identity` for no coding, which a client
 *   accepts unless it excludes it.
 * @returns undefined when it accepts none of them. A client without Accept-Encoding gets no coding.
 * @see RFC 9110 §12.5.3
 */
export function preferredCoding<const T extends string>(
  headers: Headers,
  offers: readonly T[],
): T | undefined {
  const accepted = elementsOf(headers, 'accept-encoding') ?? []
  return best(offers, (offer) => {
    const wanted = codingName(offer.toLowerCase())
    const match = matchOf(accepted, ({ value }) => codingMatch(value, wanted))
    // It is acceptable, and the last choice, unless it is mentioned.
    return match === NO_MATCH && wanted === 'identity' ? LAST_CHOICE : match
  })
}

/** Adds a request's field to Vary: the response was chosen by it (RFC 9110 §12.5.5). */
export function addVary(headers: Headers, field: string): void {
  const values = headers.getRawHeaders('vary') ?? []
  const listed = lowerCaseElements(values)
  if (listed.includes('*') || listed.includes(field.toLowerCase())) return
  headers.setRawHeaders('Vary', [[...values, field].join(', ')])
}

/** An element of a list: what is accepted, in lower case, its parameters, and the weight from 0 to 1. */
interface Accepted {
  readonly value: string
  readonly parameters: readonly string[]
  readonly weight: number
}

/** Returns undefined when the field is missing, or has no element at all. */
function elementsOf(headers: Headers, name: string): readonly Accepted[] | undefined {
  const values = headers.getRawHeaders(name)
  if (values === undefined) return undefined
  const elements = splitUnquoted(values.join(','), ',').filter((element) => element !== '')
  if (elements.length === 0) return undefined
  return elements.flatMap((element) => acceptedOf(element) ?? [])
}

function acceptedOf(element: string): Accepted | undefined {
  const [value = '', ...parameters] = splitUnquoted(element, ';')
  let weight = 1
  const others: string[] = []
  for (const parameter of parameters) {
    if (!/^q=/i.test(parameter)) {
      others.push(normalParameter(parameter))
      continue
    }
    if (!QVALUE.test(parameter.slice(2))) return undefined
    weight = Number(parameter.slice(2))
  }
  return { value: value.toLowerCase(), parameters: others, weight }
}

/** Splits at a separator outside quoted strings, and removes the blanks around each part. */
function splitUnquoted(text: string, separator: ',' | ';'): string[] {
  const parts: string[] = []
  let from = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '"') quoted = !quoted
    else if (quoted && char === '\\') at++
    else if (!quoted && char === separator) {
      parts.push(trimBlanks(text.slice(from, at)))
      from = at + 1
    }
  }
  parts.push(trimBlanks(text.slice(from)))
  return parts
}

/** A parameter for comparison: its name without regard to case, its value without quotes (RFC 9110 §5.6.6). */
function normalParameter(parameter: string): string {
  const mark = parameter.indexOf('=')
  if (mark < 0) return parameter.toLowerCase()
  const value = parameter.slice(mark + 1)
  const plain = value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value
  return `${parameter.slice(0, mark).toLowerCase()}=${plain.toLowerCase()}`
}

function best<T extends string>(offers: readonly T[], match: (offer: T) => Match): T | undefined {
  let found: T | undefined
  let most = NO_MATCH
  for (const offer of offers) {
    const { weight, specific } = match(offer)
    if (weight === 0 || weight < most.weight) continue
    if (weight === most.weight && specific <= most.specific) continue
    most = { weight, specific }
    found = offer
  }
  return found
}

/** How an offer is accepted. */
interface Match {
  /** From 0, which is not at all, to 1. */
  readonly weight: number
  /** Higher for a more specific match; 0 for none. */
  readonly specific: number
}

/**
 * Returns the weight of the most specific element that matches.
 *
 * @param specificity Returns how specific a match is, or 0 when the element does not match.
 */
function matchOf(accepted: readonly Accepted[], specificity: (element: Accepted) => number): Match {
  let match = NO_MATCH
  for (const element of accepted) {
    const { weight } = element
    const specific = specificity(element)
    if (specific === 0 || specific < match.specific) continue
    if (specific > match.specific || weight > match.weight) match = { weight, specific }
  }
  return match
}

interface MediaType {
  readonly type: string
  readonly subtype: string
  readonly parameters: readonly string[]
}

function mediaType(text: string): MediaType {
  const [name = '', ...parameters] = splitUnquoted(text, ';')
  const [type = '', subtype = ''] = name.toLowerCase().split('/')
  return { type, subtype, parameters: parameters.map(normalParameter) }
}

/** RFC 9110 §12.5.1: a type with parameters is more specific than the type, and the type than a range. */
function typeMatch({ value, parameters }: Accepted, wanted: MediaType): number {
  if (value === '*/*') return 1
  const [type, subtype] = value.split('/')
  if (type !== wanted.type) return 0
  if (subtype === '*') return 2
  if (subtype !== wanted.subtype) return 0
  return parameters.every((parameter) => wanted.parameters.includes(parameter)) ? 3 + parameters.length : 0
}

/**
 * The same tag first, then the longest range of which the offer is a variant, then the reverse. A client that
 * excludes `en-GB` does not exclude `en`.
 */
function languageMatch({ value, weight }: Accepted, offer: string): number {
  if (value === '*') return 1
  if (value === offer) return 4 * MOST_TAG_LENGTH
  if (offer.startsWith(`${value}-`)) return 2 * MOST_TAG_LENGTH + Math.min(value.length, MOST_TAG_LENGTH)
  if (weight === 0 || !value.startsWith(`${offer}-`)) return 0
  return 1 + Math.min(offer.length, MOST_TAG_LENGTH)
}

function codingMatch(value: string, wanted: string): number {
  if (value === '*') return 1
  return codingName(value) === wanted ? 2 : 0
}

/** RFC 9110 §8.4.1: two codings have a second name. */
function codingName(name: string): string {
  return name === 'x-gzip' || name === 'x-compress' ? name.slice(2) : name
}

/** RFC 9110 §12.4.2 */
const QVALUE = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/
const NO_MATCH: Match = { weight: 0, specific: 0 }
/** Its weight is less than every one that can be sent, except 0. */
const LAST_CHOICE: Match = { weight: 0.0001, specific: 1 }
const MOST_TAG_LENGTH = 100
