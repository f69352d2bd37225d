import { inspect } from 'node:util'
import type { LogEvent } from '../contracts/log.ts'

/** Writes an event to stderr, one line and the error's stack; debug events are dropped. */
export function logToStderr({ level, text, label, error }: LogEvent): void {
  if (level === 'debug') return
  const who = label === undefined ? '' : ` [${label}]`
  const why = error === undefined ? '' : `: ${error instanceof Error ? error.stack : inspect(error)}`
  process.stderr.write(`${level}${who} ${text}${why}\n`)
}
