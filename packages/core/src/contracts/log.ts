/** Something worth telling whoever runs the program. */
export interface LogEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** One line, sentence case. */
  readonly text: string
  /** Who it concerns, such as a connection: `Echo 3 127.0.0.1:5000`. */
  readonly label?: string
  readonly error?: unknown
}

/** Receives every log event of a reactor. Must not throw. */
export type LogObserver = (event: LogEvent) => void
