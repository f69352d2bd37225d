import { formatAddress } from '../addresses.ts'
import type { LogEvent } from '../interfaces/log.ts'

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
