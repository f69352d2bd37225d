import type { LogObserver } from '../contracts/log.ts'
import { logToStderr } from './console-log.ts'

/**
 * The same observer, whose own faults go no further: whoever tells the log of an error is about to end a
 * connection, and must get to do it. The event and the fault go to `instead`.
 */
export function guarded(observer: LogObserver, instead: LogObserver = logToStderr): LogObserver {
  return (event) => {
    try {
      observer(event)
    } catch (error) {
      instead({ level: 'error', text: 'A log observer failed', error })
      instead(event)
    }
  }
}
