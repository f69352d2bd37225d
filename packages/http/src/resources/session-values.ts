/** What JSON can hold. */
export type JSONValue =
  | string
  | number
  | boolean
  | null
  | readonly JSONValue[]
  | { readonly [name: string]: JSONValue | undefined }

/**
 * The name of a value in sessions, with its type: `const USER = new SessionKey<{ name: string }>('user')`. The type is
 * the program's word: only the program writes its sessions.
 */
export class SessionKey<T extends JSONValue> {
  /** The name under which the value is kept. */
  readonly name: string
  /** Never set: it makes keys of different types differ. */
  readonly type?: T

  constructor(name: string) {
    this.name = name
  }
}

/** The values of a session. Each is kept as JSON, so that a value that was read and then changed changes nothing. */
export class SessionValues {
  /** Whether they differ from what the store has. */
  changed = false
  readonly #maxBytes: number
  readonly #texts = new Map<string, string>()
  #bytes = 0

  /** @param maxBytes Most bytes of names and values, as JSON. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Parses what `asJSON` returned; returns undefined when `text` is no JSON object. */
  static parse(text: unknown, maxBytes: number): SessionValues | undefined {
    const values = new SessionValues(maxBytes)
    try {
      const parsed: unknown = JSON.parse(String(text))
      if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
      for (const [name, value] of Object.entries(parsed)) values.#put(name, JSON.stringify(value))
    } catch {
      return undefined
    }
    return values
  }

  /** The number of values. */
  get size(): number {
    return this.#texts.size
  }

  /** Returns a value; undefined when it was not set. */
  get(name: string): unknown {
    const text = this.#texts.get(name)
    return text === undefined ? undefined : (JSON.parse(text) as unknown)
  }

  /**
   * Sets a value.
   *
   * @throws {TypeError} when JSON cannot hold it.
   * @throws {RangeError} when the session would become too large.
   */
  set(name: string, value: unknown): void {
    const text: string | undefined = JSON.stringify(value)
    if (text === undefined)
      throw new TypeError(`Cannot keep ${typeof value} "${shown(name)}" in a session: JSON cannot hold it`)
    const without = this.#bytes - bytesOf(name, this.#texts.get(name))
    if (without + bytesOf(name, text) > this.#maxBytes) {
      throw new RangeError(
        `Cannot keep "${shown(name)}" in a session of more than ${this.#maxBytes} bytes: keep less, or raise maxSessionBytes`,
      )
    }
    if (this.#texts.get(name) === text) return
    this.#put(name, text)
    this.changed = true
  }

  /** Removes a value. Has no effect when it was not set. */
  delete(name: string): void {
    if (!this.#texts.has(name)) return
    this.#bytes -= bytesOf(name, this.#texts.get(name))
    this.#texts.delete(name)
    this.changed = true
  }

  /** Removes all values. */
  clear(): void {
    this.#texts.clear()
    this.#bytes = 0
  }

  /** Returns the same values, to be changed independently. They count as changed. */
  copy(): SessionValues {
    const copied = new SessionValues(this.#maxBytes)
    for (const [name, text] of this.#texts) copied.#put(name, text)
    copied.changed = true
    return copied
  }

  /** Returns the text of a JSON object. */
  asJSON(): string {
    return `{${Array.from(this.#texts, ([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`
  }

  #put(name: string, text: string): void {
    this.#bytes += bytesOf(name, text) - bytesOf(name, this.#texts.get(name))
    this.#texts.set(name, text)
  }
}

/** The bytes of a value with its name; 0 for one that is not set. */
function bytesOf(name: string, text: string | undefined): number {
  return text === undefined ? 0 : Buffer.byteLength(name) + Buffer.byteLength(text)
}

function shown(name: string): string {
  return name.slice(0, 40)
}
