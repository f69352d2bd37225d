import { checkValue } from '../options/check-options.ts'
import { callable } from '../options/option-rules.ts'
import type { LogObserver } from '../interfaces/log.ts'
import { eventRecord } from './event-record.ts'
import { eventTime } from './event-text.ts'
import { formatEvent } from './format-event.ts'
import { plainValue } from './plain-value.ts'

/**
 * Writes a line of JSON for each event, with `time`, `level`, `text` and what there is of `error`,
 * `namespace`, `label`, `connection`, `source`, `template` (the text before its fields were filled in) and
 * `fields`. Whatever is in the fields, the line is JSON: see `plainValue`.
 *
 * @throws {TypeError} when `write` is no function.
 */
export function jsonLinesObserver(write: (line: string) => void): LogObserver {
  checkValue('jsonLinesObserver', 'write', write, callable)
  return (event) => {
    const { level, error } = event
    const first = { time: eventTime(event), level, text: formatEvent(event), error }
    write(`${JSON.stringify(plainValue({ ...first, ...eventRecord(event) }))}\n`)
  }
}
