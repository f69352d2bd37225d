/** Is notified when headers are changed after they were sent. */
export interface SentHeaders {
  /** @param name The header's; undefined when all are removed. */
  changedTooLate(name: string | undefined): void
}

/**
 * Header fields: several values a name, in order, names compared without regard to case and sent as
 * they were given. Those of a response are sealed once they were sent: from then on a change has no
 * effect, and is logged.
 *
 * @see RFC 9110 §5
 */
export class Headers implements Iterable<readonly [string, string]> {
  /** Name, value, name, value, … in the order they came or were set. */
  #fields: string[] = []
  #ascii = true
  #sent: SentHeaders | undefined

  /** Whether every value is known to be ASCII. */
  get ascii(): boolean {
    return this.#ascii
  }

  /** Headers from fields that a reader has checked: name, value, name, value, … */
  static fromFields(fields: string[]): Headers {
    const headers = new Headers()
    headers.#fields = fields
    headers.#ascii = false
    return headers
  }

  /** All values of a name, in order; undefined when it has no value. */
  getRawHeaders(name: string): string[] | undefined {
    const wanted = name.toLowerCase()
    let values: string[] | undefined
    for (let at = 0; at < this.#fields.length; at += 2) {
      if (sameName(this.#fields[at], wanted)) (values ??= []).push(this.#fields[at + 1] ?? '')
    }
    return values
  }

  /** The last value of a name, as Twisted's `getHeader` returns it; undefined when it has no value. */
  get(name: string): string | undefined {
    const wanted = name.toLowerCase()
    for (let at = this.#fields.length - 2; at >= 0; at -= 2) {
      if (sameName(this.#fields[at], wanted)) return this.#fields[at + 1]
    }
    return undefined
  }

  /** Whether a name has a value. */
  hasHeader(name: string): boolean {
    return this.get(name) !== undefined
  }

  /**
   * Sets the values of a name, in place of those it had.
   *
   * @throws {TypeError} when the name is no token, or a value is no string, or holds a control character
   *   other than a tab, or a character above U+00FF: they would let a value write other headers.
   */
  setRawHeaders(name: string, values: readonly string[]): void {
    if (this.#sent !== undefined) return this.#sent.changedTooLate(name)
    checkName(name)
    if (!Array.isArray(values)) throw new TypeError(`Cannot set header ${name}: give a list of strings`)
    for (const value of values) this.#checkValue(name, value)
    if (this.#fields.length > 0) this.removeHeader(name)
    for (const value of values) this.#fields.push(name, value)
  }

  /**
   * Adds one value to a name.
   *
   * @throws {TypeError} as `setRawHeaders`.
   */
  addRawHeader(name: string, value: string): void {
    if (this.#sent !== undefined) return this.#sent.changedTooLate(name)
    checkName(name)
    this.#checkValue(name, value)
    this.#fields.push(name, value)
  }

  /** Removes all values of a name. */
  removeHeader(name: string): void {
    if (this.#sent !== undefined) {
      if (this.hasHeader(name)) this.#sent.changedTooLate(name)
      return
    }
    const wanted = name.toLowerCase()
    for (let at = this.#fields.length - 2; at >= 0; at -= 2) {
      if (sameName(this.#fields[at], wanted)) this.#fields.splice(at, 2)
    }
  }

  /** Removes everything. */
  clear(): void {
    if (this.#sent !== undefined) return this.#sent.changedTooLate(undefined)
    this.#fields = []
    this.#ascii = true
  }

  /** They have been sent: `sent` is notified of every later change, and none has an effect. */
  seal(sent: SentHeaders): void {
    this.#sent = sent
  }

  /** Each name once, as it was first given, with all its values. */
  getAllRawHeaders(): [string, string[]][] {
    const all = new Map<string, [string, string[]]>()
    for (const [name, value] of this) {
      const entry = all.get(name.toLowerCase())
      if (entry === undefined) all.set(name.toLowerCase(), [name, [value]])
      else entry[1].push(value)
    }
    return [...all.values()]
  }

  /** Each field, in order. */
  *[Symbol.iterator](): Generator<readonly [string, string]> {
    for (let at = 0; at < this.#fields.length; at += 2) {
      yield [this.#fields[at] ?? '', this.#fields[at + 1] ?? '']
    }
  }

  /** The fields as they are sent: a line each, CRLF included. */
  toWire(): string {
    let lines = ''
    for (let at = 0; at < this.#fields.length; at += 2) {
      lines += `${this.#fields[at]}: ${this.#fields[at + 1]}\r\n`
    }
    return lines
  }

  #checkValue(name: string, value: unknown): void {
    if (typeof value === 'string' && ASCII_VALUE.test(value)) return
    const wrong = faultOf(value)
    if (wrong !== undefined) throw new TypeError(`Cannot send header ${name} with ${wrong}`)
    this.#ascii = false
  }
}

/** What is wrong with a value, and what to do; undefined when it can be sent. */
function faultOf(value: unknown): string | undefined {
  if (typeof value !== 'string') {
    return `a value of type ${value === null ? 'null' : typeof value}: give a string`
  }
  if (FIELD_VALUE.test(value)) return undefined
  const shown = `value ${JSON.stringify(value.slice(0, 80))}`
  if (CONTROL.test(value)) return `${shown}: a value has no control characters, nor line ends`
  return `${shown}: a value has no character above U+00FF, encode it, with encodeURIComponent for instance`
}

function sameName(name: string | undefined, wantedLowerCase: string): boolean {
  if (name === undefined || name.length !== wantedLowerCase.length) return false
  return name === wantedLowerCase || name.toLowerCase() === wantedLowerCase
}

function checkName(name: unknown): void {
  if (typeof name !== 'string' || !TOKEN.test(name))
    throw new TypeError(`Cannot send a header named ${JSON.stringify(String(name).slice(0, 80))}`)
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const ASCII_VALUE = /^[\t\x20-\x7e]*$/
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const CONTROL = /[^\t\x20-\x7e\x80-\uffff]/
