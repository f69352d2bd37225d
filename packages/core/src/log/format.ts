import { type Address, formatAddress, type UDPAddress } from '../addresses.ts'
import type { LogEvent, LogFields } from '../interfaces/log.ts'

/**
 * An event as people read it, `ropewalk [Echo 3 127.0.0.1:5000] Something failed`, without time and
 * level. One line, and one more, indented, for each line of the error.
 */
export function eventText(event: LogEvent): string {
  const { namespace, error } = event
  const subject = subjectOf(event)
  const words = [namespace, subject === undefined ? undefined : `[${subject}]`, formatEvent(event)]
  const line = printable(words.filter((word) => word !== undefined).join(' '))
  const why = error === undefined ? [] : errorLines(error)
  return [line, ...why.map((each) => `    ${each}`)].join('\n')
}

/** Whom an event concerns: its label, or its connection as `Echo 3 127.0.0.1:5000`. */
export function subjectOf({ label, connection }: LogEvent): string | undefined {
  if (label !== undefined || connection === undefined) return label
  return `${connection.protocol} ${connection.id} ${formatAddress(connection.peer)}`
}

/** When an event happened, as `2001-09-09T01:46:40.000Z`; undefined while nobody has published it. */
export function eventTime({ timeMs }: LogEvent): string | undefined {
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString()
}

/**
 * The text of an event with its fields filled in: `{name}` is a field, `{name.attribute}` what is in it.
 *
 * Always one line, and never throws: what cannot be read says so, and what no field has stays as it is.
 * A text without fields is not searched, so what a peer sent may stand in it.
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
 * A value as a line of text shows it: a string as it is, an address as people write it, an object as its own
 * `toString` has it, others as JSON. At most a thousand characters; never throws.
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
 * An error in lines of text: its stack, then its causes' and those of the errors it gathers.
 *
 * Whatever else was thrown is one line. Never throws, and ends though causes go round in a circle.
 */
export function errorLines(error: unknown): readonly string[] {
  return linesOf(error, new Set())
}

function linesOf(error: unknown, told: Set<unknown>): string[] {
  try {
    if (!(error instanceof Error)) return [printable(shownValue(error))]
    if (told.has(error) || told.size >= MOST_ERRORS) return ['(and so on)']
    told.add(error)
    return [...stackOf(error), ...causeOf(error, told), ...gatheredIn(error, told)]
  } catch {
    return [UNREADABLE]
  }
}

function stackOf(error: Error): string[] {
  const { name, stack } = error
  if (typeof stack !== 'string') return [printable(shownValue(error))]
  // The stack is taken before a subclass can set its name.
  const named = stack.replace(/^Error(?=:|\n|$)/, () => name)
  return named.slice(0, MOST_ERROR_CHARACTERS).split('\n').map(printable)
}

function causeOf({ cause }: Error, told: Set<unknown>): string[] {
  return cause === undefined ? [] : headed('Caused by: ', linesOf(cause, told))
}

function gatheredIn(error: Error, told: Set<unknown>): string[] {
  if (!(error instanceof AggregateError)) return []
  return error.errors
    .slice(0, MOST_ERRORS)
    .flatMap((one: unknown) => headed('One of them: ', linesOf(one, told)).map((line) => `    ${line}`))
}

function headed(head: string, [first = '', ...rest]: readonly string[]): string[] {
  return [`${head}${first}`, ...rest]
}

/** What structured logs keep of an event beside its time, level, text and error; what it lacks is undefined. */
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

/** The name of an object's class; an object without one has the name of all. */
export function className(value: object): string {
  const constructor: unknown = Reflect.get(value, 'constructor')
  return typeof constructor === 'function' ? constructor.name : 'Object'
}

/**
 * A copy that JSON can carry, of anything: never throws, whatever getters do, and ends, whatever is in it.
 *
 * Errors keep their name, message, stack, cause and own fields; bytes become hexadecimal, maps and sets
 * arrays, bigints strings. A cycle is cut, and so is everything beyond a thousand values.
 */
export function plainValue(value: unknown): unknown {
  return new PlainCopy().of(value)
}

/** Stands for a value that threw when it was looked at. */
export const UNREADABLE = '(unreadable)'

class PlainCopy {
  /** The objects around the value that is being copied. */
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

  /** One member that cannot be read takes no other with it. */
  #member(value: object, key: string): unknown {
    try {
      return this.of(Reflect.get(value, key))
    } catch {
      return UNREADABLE
    }
  }
}

/** Whether JSON has words for something that is no object. */
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
 * Text that stays in its line and moves no cursor: control characters, line separators and marks that
 * turn the direction of writing are escaped, as `\n`, `\x1b` or `\u202e`.
 *
 * Much of what is logged came from a peer, who must not be able to forge a line.
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
