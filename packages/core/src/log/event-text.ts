import { formatAddress } from '../addresses.ts'
import type { LogEvent } from '../interfaces/log.ts'
import { errorLines } from './error-lines.ts'
import { formatEvent } from './format-event.ts'
import { printable } from './printable.ts'

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
