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

const MOST_VALUES = 1000
const MOST_BYTES = 500
const CIRCULAR = '(circular)'
const REST = '…'
