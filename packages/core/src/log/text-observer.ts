import { checkValue } from '../options/check-options.ts'
import { callable } from '../options/option-rules.ts'
import type { LogObserver } from '../interfaces/log.ts'
import { eventText, eventTime } from './event-text.ts'

/**
 * Writes a line for each event: time, level, namespace, whom it concerns, text. An error's stack follows,
 * indented, and so do its causes.
 *
 * @throws {TypeError} when `write` is no function.
 */
export function textObserver(write: (text: string) => void): LogObserver {
  checkValue('textObserver', 'write', write, callable)
  return (event) => {
    const words = [eventTime(event), event.level, eventText(event)]
    write(`${words.filter((word) => word !== undefined).join(' ')}\n`)
  }
}
