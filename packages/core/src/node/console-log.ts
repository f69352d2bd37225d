import type { LogEvent } from '../interfaces/log.ts'
import { filtered, textObserver } from '../log/observers.ts'

/** Writes an event to stderr, as `textObserver` does; debug events are dropped. Where reactors log by default. */
export function logToStderr(event: LogEvent): void {
  withoutDebug(event)
}

const withoutDebug = filtered(textObserver(writeToStderr), { level: 'info' })

function writeToStderr(text: string): void {
  const { stderr } = process
  // Unless somebody listens, a stderr that nobody reads any more ends the process, and all its connections.
  if (!stderr.listeners('error').includes(ignoreError)) stderr.on('error', ignoreError)
  stderr.write(text)
}

function ignoreError(): void {}
