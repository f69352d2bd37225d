import { plainValue, UNREADABLE } from './plain-value.ts'

/**
 * A value as a line of text shows it: a string as it is, an object as its own `toString` has it, others
 * as JSON. At most a thousand characters; never throws.
 */
export function shownValue(value: unknown): string {
  try {
    const shown = textOf(value)
    return shown.length > MOST_CHARACTERS ? `${shown.slice(0, MOST_CHARACTERS)}…` : shown
  } catch {
    return UNREADABLE
  }
}

function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || describesItself(value)) return String(value)
  return JSON.stringify(plainValue(value))
}

function describesItself(value: object): boolean {
  const own: unknown = Reflect.get(value, 'toString')
  return typeof own === 'function' && own !== Object.prototype.toString && own !== Array.prototype.toString
}

const MOST_CHARACTERS = 1000
