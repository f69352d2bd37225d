import { type Address, formatAddress, type UDPAddress } from '../addresses.ts'
import type { LogEvent, LogFields } from '../interfaces/log.ts'

/**
 * An event as text, such as `ropewalk [Echo 3 127.0.0.1:5000] Something failed`, without time and level. It
 * is one line, followed by an indented line for each line of the error.
 */
export function eventText(event: LogEvent): string {
  const { namespace, error } = event
  const subject = subjectOf(event)
  const words = [namespace, subject === undefined ? undefined : `[${subject}]`, formatEvent(event)]
  const line = printable(words.filter((word) => word !== undefined).join(' '))
  const why = error === undefined ? [] : errorLines(error)
  return [line, ...why.map((each) => `    ${each}`)].join('\n')
}

/** The subject of an event: its label, or its connection as `Echo 3 127.0.0.1:5000`. */
export function subjectOf({ label, connection }: LogEvent): string | undefined {
  if (label !== undefined || connection === undefined) return label
  return `${connection.protocol} ${connection.id} ${formatAddress(connection.peer)}`
}

/**
 * When an event happened, as `2001-09-09T01:46:40.000Z`; undefined for an event that is not published yet.
 */
export function eventTime({ timeMs }: LogEvent): string | undefined {
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString()
}

/**
 * The text of an event with its fields filled in: `{name}` is a field, `{name.attribute}` an attribute of
 * one.
 *
 * Always one line, and never throws: an unreadable value becomes `(unreadable)`, and a placeholder without a
 * field stays as it is. Without `fields` placeholders are not looked for, so the text may contain a peer's
 * data.
 */
export function formatEvent({ text, fields }: Pick<LogEvent, 'text' | 'fields'>): string {
  if (fields === undefined) return printable(text)
  return printable(text.replace(PLACEHOLDER, (asWritten, path: string) => filled(asWritten, path, fields)))
}

function filled(asWritten: string, path: string, fields: LogFields): string {
  const [name = '', ...attributes] = path.split('.')
  try {
    if (!Object.hasOwn(fields, name)) return asWritten
    return shownValue(attributes.reduce<unknown>(attributeOf, fields[name]))
  } catch {
    return UNREADABLE
  }
}

function attributeOf(value: unknown, name: string): unknown {
  return value === undefined || value === null ? undefined : Reflect.get(Object(value), name, value)
}

/**
 * A value as text: a string unchanged, an address formatted, an object by its own `toString`, anything else
 * as JSON. At most a thousand characters; never throws.
 */
export function shownValue(value: unknown): string {
  try {
    const shown = textOf(value)
    return shown.length > MOST_VALUE_CHARACTERS ? `${shown.slice(0, MOST_VALUE_CHARACTERS)}…` : shown
  } catch {
    return UNREADABLE
  }
}

function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || describesItself(value)) return String(value)
  return isAddress(value) ? formatAddress(value) : JSON.stringify(plainValue(value))
}

function isAddress(value: object): value is Address | UDPAddress {
  if (!('type' in value)) return false
  if (value.type === 'UNIX') return 'path' in value && typeof value.path === 'string'
  const isNumbered = 'port' in value && typeof value.port === 'number'
  return (value.type === 'TCP' || value.type === 'UDP') && isNumbered && 'host' in value
}

function describesItself(value: object): boolean {
  const own: unknown = Reflect.get(value, 'toString')
  return typeof own === 'function' && own !== Object.prototype.toString && own !== Array.prototype.toString
}

/**
 * An error as lines of text: its stack, then the stacks of its causes and of the errors that it aggregates.
 *
 * A thrown value that is not an Error is one line. Never throws, and ends even when causes form a cycle.
 */
export function errorLines(error: unknown): readonly string[] {
  return linesOf(error, new Set())
}

function linesOf(error: unknown, seen: Set<unknown>): string[] {
  try {
    if (!(error instanceof Error)) return [printable(shownValue(error))]
    if (seen.has(error) || seen.size >= MOST_ERRORS) return ['(and so on)']
    seen.add(error)
    return [...stackOf(error), ...causeOf(error, seen), ...gatheredIn(error, seen)]
  } catch {
    return [UNREADABLE]
  }
}

function stackOf(error: Error): string[] {
  const { name, stack } = error
  if (typeof stack !== 'string') return [printable(shownValue(error))]
  // The stack is captured before a subclass can set its name.
  const named = stack.replace(/^Error(?=:|\n|$)/, () => name)
  return named.slice(0, MOST_ERROR_CHARACTERS).split('\n').map(printable)
}

function causeOf({ cause }: Error, seen: Set<unknown>): string[] {
  return cause === undefined ? [] : headed('Caused by: ', linesOf(cause, seen))
}

function gatheredIn(error: Error, seen: Set<unknown>): string[] {
  if (!(error instanceof AggregateError)) return []
  return error.errors
    .slice(0, MOST_ERRORS)
    .flatMap((one: unknown) => headed('One of them: ', linesOf(one, seen)).map((line) => `    ${line}`))
}

function headed(head: string, [first = '', ...rest]: readonly string[]): string[] {
  return [`${head}${first}`, ...rest]
}

/**
 * The fields of an event for structured logs, besides its time, level, text and error. A missing one is
 * undefined.
 */
export function eventRecord(event: LogEvent): Readonly<Record<string, unknown>> {
  const { namespace, label, connection, source, text, fields } = event
  return {
    namespace,
    label,
    connection: connection && { ...connection, peer: formatAddress(connection.peer) },
    source: source && className(source),
    template: fields && text,
    fields,
  }
}

/** The name of an object's class; `Object` where it has no constructor. */
export function className(value: object): string {
  const constructor: unknown = Reflect.get(value, 'constructor')
  return typeof constructor === 'function' ? constructor.name : 'Object'
}

/**
 * Copies any value into one that JSON can represent. Never throws, whatever getters do, and always ends.
 *
 * Errors keep their name, message, stack, cause and own fields. Bytes become hexadecimal, maps and sets
 * become arrays, bigints strings. A cycle is cut, and so is everything beyond a thousand values.
 */
export function plainValue(value: unknown): unknown {
  return new PlainCopy().of(value)
}

/** Replaces a value that threw when it was read. */
export const UNREADABLE = '(unreadable)'

class PlainCopy {
  /** The objects that contain the value being copied. */
  readonly #around = new Set<object>()
  #left = MOST_VALUES

  of(value: unknown): unknown {
    this.#left -= 1
    if (typeof value === 'object' && value !== null) return this.#object(value)
    if (typeof value === 'function') return '(function)'
    return isInJSON(value) ? value : String(value)
  }

  #object(value: object): unknown {
    if (this.#around.has(value)) return CIRCULAR
    this.#around.add(value)
    try {
      return this.#copy(value)
    } catch {
      return UNREADABLE
    } finally {
      this.#around.delete(value)
    }
  }

  #copy(value: object): unknown {
    if (value instanceof Error) return this.#members(value, keysOfError(value))
    if (value instanceof Uint8Array) return hex(value)
    if (Array.isArray(value) || value instanceof Map || value instanceof Set) return this.#elements(value)
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.of(value.toJSON())
    return this.#members(value, Object.keys(value))
  }

  #elements(values: Iterable<unknown>): unknown[] {
    const copies: unknown[] = []
    for (const value of values) {
      if (this.#left <= 0) return [...copies, REST]
      copies.push(this.of(value))
    }
    return copies
  }

  #members(value: object, keys: Iterable<string>): object {
    const copies: [string, unknown][] = []
    for (const key of keys) {
      if (this.#left <= 0) return Object.fromEntries([...copies, [REST, REST]])
      copies.push([key, this.#member(value, key)])
    }
    return Object.fromEntries(copies)
  }

  /** A member that cannot be read does not affect the others. */
  #member(value: object, key: string): unknown {
    try {
      return this.of(Reflect.get(value, key))
    } catch {
      return UNREADABLE
    }
  }
}

/** Whether JSON can represent a value that is not an object. */
function isInJSON(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value !== 'bigint' && typeof value !== 'symbol'
}

function keysOfError(error: Error): Iterable<string> {
  const keys = ['name', 'message', 'stack', ...Object.keys(error), 'cause', 'errors']
  return new Set(keys.filter((key) => key in error))
}

function hex(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, MOST_BYTES)).toString('hex')
  return bytes.length > MOST_BYTES ? `${shown}${REST}` : shown
}

/**
 * Escapes control characters, line separators and marks that change the direction of writing, as `\n`, `\x1b`
 * or `\u202e`, so that the text stays in its line and moves no cursor.
 *
 * Much of what is logged comes from a peer, which must not be able to forge a line.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped)
}

function escaped(character: string): string {
  const code = character.charCodeAt(0)
  const long = code > 0xff ? `\\u${code.toString(16).padStart(4, '0')}` : undefined
  return SHORT.get(character) ?? long ?? `\\x${code.toString(16).padStart(2, '0')}`
}

const PLACEHOLDER = /\{([A-Za-z_$][\w$]*(?:\.[\w$]+)*)\}/g
const MOST_VALUE_CHARACTERS = 1000
const MOST_ERRORS = 16
const MOST_ERROR_CHARACTERS = 10_000
const MOST_VALUES = 1000
const MOST_BYTES = 500
const CIRCULAR = '(circular)'
const REST = '…'
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu
const SHORT: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])
