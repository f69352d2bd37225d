import { assertNever } from '@ropewalk/core/bytes'
import { escapeHTML } from '../response/error-response.ts'

/** HTML that needs no more escaping: the result of `html`. */
export class HTML {
  readonly #text: string

  private constructor(text: string) {
    this.#text = text
  }

  /** Makes HTML of text that is HTML already: it is not escaped. */
  static of(text: string): HTML {
    return new HTML(text)
  }

  /** Returns the text. */
  toString(): string {
    return this.#text
  }
}

/** What a place of a template may have: text, which is escaped, or HTML, or a list of these. */
export type HTMLValue = string | number | HTML | readonly HTMLValue[]

/**
 * Makes HTML from a template, in which each value is escaped for its place:
 *
 *     html`<p title="${text}">${text}</p>`          text between tags, or in a quoted attribute
 *     html`<a href="${url}">`                       a URL; one with a scheme beside http, https and mailto is replaced
 *     html`<a href="/users/${name}?q=${words}">`    a part of a URL, percent-encoded
 *     html`<ul>${list.map((name) => html`<li>${name}</li>`)}</ul>`
 *
 * @throws {TypeError} for a value where none can be made safe: in an attribute without quotes, `on…`, `style` or
 *   `srcdoc`, in the name of a tag or attribute, in a script, a style or a comment; for HTML in an attribute.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HTMLValue[]): HTML {
  let place: Place = TEXT
  let text = ''
  for (const [index, markup] of strings.entries()) {
    text += markup
    for (const char of markup) place = placeAfter(place, char)
    if (index >= values.length) break
    const value = values[index]
    if (value === undefined || value === null) {
      throw new TypeError(`Cannot put ${value} into HTML after ${shown(text)}: give a string`)
    }
    text += escaped(value, place, text)
    if (place.in === 'value') place = { ...place, begun: true }
  }
  return HTML.of(text)
}

/** A place in a template, as the markup before it decides. */
type Place =
  | { readonly in: 'text' }
  /** Inside a script or a style, where no value is safe, until its end tag; with the characters since the last `<`. */
  | { readonly in: 'code'; readonly end: string; readonly tail: string }
  /** Between `<` and `>`, with what is between them so far. */
  | { readonly in: 'tag'; readonly text: string }
  /** In the quoted value of an attribute; `begun` once there is a part of it. */
  | {
      readonly in: 'value'
      readonly tag: string
      readonly attribute: string
      readonly quote: string
      readonly begun: boolean
    }

function placeAfter(place: Place, char: string): Place {
  switch (place.in) {
    case 'text':
      return char === '<' ? { in: 'tag', text: '' } : place
    case 'code':
      return codeAfter(place, char)
    case 'tag':
      if (char === '>') return afterTag(place.text)
      if (char === '"' || char === "'") return valueAfter(place.text, char)
      return { in: 'tag', text: place.text + char }
    case 'value':
      if (char === place.quote) return { in: 'tag', text: `${place.tag} ` }
      return place.begun ? place : { ...place, begun: true }
    default:
      return assertNever(place)
  }
}

function afterTag(tag: string): Place {
  const [, name] = CODE_TAG.exec(tag) ?? []
  return name === undefined ? TEXT : { in: 'code', end: `</${name.toLowerCase()}`, tail: '' }
}

function codeAfter({ end, tail }: Place & { in: 'code' }, char: string): Place {
  const seen = char === '<' ? '<' : (tail + char).slice(0, end.length)
  return seen.toLowerCase() === end ? { in: 'tag', text: seen.slice(1) } : { in: 'code', end, tail: seen }
}

/** A quote that no `name=` is before begins the value of no attribute: no value is safe in it. */
function valueAfter(tag: string, quote: string): Place {
  const attribute = /([^\s"'<>/=]+)[ \t\r\n]*=[ \t\r\n]*$/.exec(tag)?.[1]?.toLowerCase() ?? ''
  return { in: 'value', tag: tag.replace(/[^\s<>/]*\s*=\s*$/, ''), attribute, quote, begun: false }
}

function escaped(value: HTMLValue, place: Place, before: string): string {
  if (place.in === 'text') return escapedText(value)
  if (place.in !== 'value' || UNSAFE_ATTRIBUTE.test(place.attribute)) {
    throw new TypeError(
      `Cannot put a value into HTML after ${shown(before)}: only text and quoted attributes take values`,
    )
  }
  if (typeof value === 'object') {
    throw new TypeError(`Cannot put HTML into an attribute, after ${shown(before)}: give a string`)
  }
  if (!URL_ATTRIBUTE.test(place.attribute)) return escapeHTML(String(value))
  return escapeHTML(place.begun ? encodeURIComponent(value) : safeURL(String(value)))
}

function escapedText(value: HTMLValue): string {
  if (value instanceof HTML) return String(value)
  if (typeof value === 'object') return value.map(escapedText).join('')
  return escapeHTML(String(value))
}

/** Browsers ignore blanks and control characters before and in the scheme of a URL. */
function safeURL(url: string): string {
  const scheme = /^([^/?#]*?):/.exec(url.replaceAll(/[\0-\x20]/g, ''))?.[1]
  return scheme === undefined || SAFE_SCHEME.test(scheme) ? url : 'about:invalid'
}

function shown(markup: string): string {
  return JSON.stringify(markup.slice(-MAX_SHOWN))
}

const TEXT: Place = { in: 'text' }
const CODE_TAG = /^(script|style|iframe|noembed|noframes|noscript|plaintext|xmp)(?![^\s/])/i
const UNSAFE_ATTRIBUTE = /^(?:on.*|style|srcdoc|srcset|)$/
const URL_ATTRIBUTE =
  /^(?:action|background|cite|data|formaction|href|icon|manifest|ping|poster|src|xlink:href)$/
const SAFE_SCHEME = /^(?:https?|mailto)$/i
const MAX_SHOWN = 40
