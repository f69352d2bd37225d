import { type Address, formatAddress, type UDPAddress } from '../addresses.ts'
import { plainValue, UNREADABLE } from './plain-value.ts'

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

const MOST_VALUE_CHARACTERS = 1000
