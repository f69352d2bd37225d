import type { LogEvent, LogFields } from '../interfaces/log.ts'
import { UNREADABLE } from './plain-value.ts'
import { printable } from './printable.ts'
import { shownValue } from './shown-value.ts'

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

const PLACEHOLDER = /\{([A-Za-z_$][\w$]*(?:\.[\w$]+)*)\}/g
