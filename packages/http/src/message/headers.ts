import { isFieldValue, isToken, sameName } from './field-grammar.ts'

/** Is notified when headers are changed after they were sent. */
export interface SentHeaders {
  /** @param name The header's name; undefined when all headers are removed. */
  changedTooLate(name: string | undefined): void
}

/**
 * Header fields, in order. A name may have several values. Names are compared without regard to case, and
 * sent as they were given. The headers of a response are sealed when they are sent: a later change has no
 * effect and is logged.
 *
 * @see RFC 9110 §5
 *
 * @example
 * ```ts
 * import { Headers } from '@ropewalk/http'
 *
 * const headers = new Headers()
 * headers.addRawHeader('Vary', 'Accept')
 * headers.addRawHeader('vary', 'Cookie')
 * console.log(headers.getRawHeaders('VARY'))
 * ```
 *
 * ```text
 * [ 'Accept', 'Cookie' ]
 * ```
 */
export class Headers implements Iterable<readonly [string, string]> {
  /** Name, value, name, value, … in the order in which they were received or set. */
  #fields = NO_FIELDS
  /** A bit for each length that a name has: most look-ups are for names that are not there. */
  #lengths = 0
  #ascii = true
  #sent: SentHeaders | undefined

  static {
    // What `util.inspect` shows, as failing assertions do: the private fields would be left out.
    Object.defineProperty(Headers.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: Headers) {
        const all = this.getAllRawHeaders()
        return Object.fromEntries(
          all.map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
        )
      },
    })
  }

  /** Name, value, name, value, … as they were given, in order. A later change may or may not be seen in this array. */
  get fields(): readonly string[] {
    return this.#fields
  }

  /** Whether every value is known to be ASCII. */
  get ascii(): boolean {
    return this.#ascii
  }

  /**
   * Makes headers from fields that a reader has checked: name, value, name, value, … The array is not copied.
   */
  static fromFields(fields: string[]): Headers {
    const headers = new Headers()
    headers.#fields = fields
    headers.#lengths = EVERY_LENGTH
    headers.#ascii = false
    return headers
  }

  /** Returns all values of a name, in order; undefined when it has no value. */
  getRawHeaders(name: string): string[] | undefined {
    if ((this.#lengths & lengthBit(name)) === 0) return undefined
    let values: string[] | undefined
    for (let at = 0; at < this.#fields.length; at += 2) {
      if (sameName(this.#fields[at] ?? '', name)) (values ??= []).push(this.#fields[at + 1] ?? '')
    }
    return values
  }

  /** Returns the last value of a name, as Twisted's `getHeader` does; undefined when it has no value. */
  get(name: string): string | undefined {
    if ((this.#lengths & lengthBit(name)) === 0) return undefined
    for (let at = this.#fields.length - 2; at >= 0; at -= 2) {
      if (sameName(this.#fields[at] ?? '', name)) return this.#fields[at + 1]
    }
    return undefined
  }

  /** Whether a name has a value. */
  hasHeader(name: string): boolean {
    return this.get(name) !== undefined
  }

  /**
   * Replaces all values of a name.
   *
   * @throws {TypeError} when the name is not a token, or when a value is not a string, or has a control
   *   character other than a tab, or a character above U+00FF. Such a value could inject other headers.
   */
  setRawHeaders(name: string, values: readonly string[]): void {
    if (this.#sent !== undefined) return this.#sent.changedTooLate(name)
    checkName(name)
    if (!Array.isArray(values)) throw new TypeError(`Cannot set header ${name}: give an array of strings`)
    for (const value of values) this.#checkValue(name, value)
    this.removeHeader(name)
    for (const value of values) this.#add(name, value)
  }

  /**
   * Replaces all values of a name by one.
   *
   * @throws {TypeError} as `setRawHeaders` does.
   */
  set(name: string, value: string): void {
    if (this.#sent !== undefined) return this.#sent.changedTooLate(name)
    checkName(name)
    this.#checkValue(name, value)
    this.removeHeader(name)
    this.#add(name, value)
  }

  /**
   * Adds one value to a name.
   *
   * @throws {TypeError} as `setRawHeaders` does.
   */
  addRawHeader(name: string, value: string): void {
    if (this.#sent !== undefined) return this.#sent.changedTooLate(name)
    checkName(name)
    this.#checkValue(name, value)
    this.#add(name, value)
  }

  /**
   * Whether a name of one of these lengths may have a value.
   *
   * @param lengths From `lengthBits`.
   */
  mayHaveAny(lengths: number): boolean {
    return (this.#lengths & lengths) !== 0
  }

  /** Removes all values of a name. */
  removeHeader(name: string): void {
    if (this.#sent !== undefined) {
      if (this.hasHeader(name)) this.#sent.changedTooLate(name)
      return
    }
    if ((this.#lengths & lengthBit(name)) === 0) return
    for (let at = this.#fields.length - 2; at >= 0; at -= 2) {
      if (sameName(this.#fields[at] ?? '', name)) this.#fields.splice(at, 2)
    }
  }

  /** Removes all headers. */
  clear(): void {
    if (this.#sent !== undefined) return this.#sent.changedTooLate(undefined)
    this.#fields = NO_FIELDS
    this.#lengths = 0
    this.#ascii = true
  }

  /** Marks the headers as sent. Later changes have no effect; each is reported to `sent`. */
  seal(sent: SentHeaders): void {
    this.#sent = sent
  }

  /** Returns each name once, as it was first given, with all its values. */
  getAllRawHeaders(): [string, string[]][] {
    const all = new Map<string, [string, string[]]>()
    for (const [name, value] of this) {
      const entry = all.get(name.toLowerCase())
      if (entry === undefined) all.set(name.toLowerCase(), [name, [value]])
      else entry[1].push(value)
    }
    return [...all.values()]
  }

  /** Iterates over the fields in order. */
  *[Symbol.iterator](): Generator<readonly [string, string]> {
    for (let at = 0; at < this.#fields.length; at += 2) {
      yield [this.#fields[at] ?? '', this.#fields[at + 1] ?? '']
    }
  }

  /** Returns the fields as they are sent: one line each, CRLF included. */
  toWire(): string {
    let lines = ''
    for (let at = 0; at < this.#fields.length; at += 2) {
      lines += `${this.#fields[at]}: ${this.#fields[at + 1]}\r\n`
    }
    return lines
  }

  #add(name: string, value: string): void {
    // Most responses have one or two headers: an array with one is smaller than an empty one that grows.
    if (this.#fields === NO_FIELDS) this.#fields = [name, value]
    else this.#fields.push(name, value)
    this.#lengths |= lengthBit(name)
  }

  #checkValue(name: string, value: unknown): void {
    if (typeof value === 'string' && isASCIIValue(value)) return
    const wrong = faultOf(value)
    if (wrong !== undefined) throw new TypeError(`Cannot send header ${name} with ${wrong}`)
    this.#ascii = false
  }
}

/** Returns a bit for the length of each name, for `mayHaveAny`. */
export function lengthBits(...names: readonly string[]): number {
  return names.reduce((bits, name) => bits | lengthBit(name), 0)
}

function isASCIIValue(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at)
    if ((code < SP && code !== TAB) || code > TILDE) return false
  }
  return true
}

/** Returns what is wrong with a value, and how to correct it; undefined when it can be sent. */
function faultOf(value: unknown): string | undefined {
  if (typeof value !== 'string') {
    return `a value of type ${value === null ? 'null' : typeof value}: give a string`
  }
  if (isFieldValue(value)) return undefined
  const shown = `value ${JSON.stringify(value.slice(0, 80))}`
  if (CONTROL.test(value)) return `${shown}: a value cannot have control characters or line ends`
  return `${shown}: a value cannot have characters above U+00FF, encode it, for example with encodeURIComponent`
}

/** Names of lengths that differ by 32 share a bit. */
function lengthBit(name: string): number {
  return 1 << name.length
}

function checkName(name: unknown): void {
  if (typeof name !== 'string' || !isToken(name))
    throw new TypeError(
      `Cannot send a header named ${JSON.stringify(String(name).slice(0, 80))}: a name is a token`,
    )
}

/** The fields of headers that have none. Nothing is added to this array. */
const NO_FIELDS: string[] = []
const EVERY_LENGTH = -1
const TAB = 0x09
const SP = 0x20
const TILDE = 0x7e
const CONTROL = /[^\t\x20-\x7e\x80-\uffff]/
