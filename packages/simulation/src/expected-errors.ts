import { formatEvent, type LogEvent } from '@ropewalk/core/log'
import { causesOf } from './error-text.ts'
import { isThenable } from '@ropewalk/core/reactor'

/**
 * Which errors in a log are expected: those whose text contains a string or matches a pattern, or for which a
 * function returns true. The text of an event is its message with the messages of its error and its causes.
 */
export type ErrorMatch = string | RegExp | ((event: LogEvent, host: string) => boolean)

/** How often an expected error comes. */
export interface ErrorCount {
  /** Fewest times; fewer fail the run at its end. Default 1. */
  readonly least?: number | undefined
  /** Most times; the next one fails the run. Default Infinity. */
  readonly most?: number | undefined
}

/** The errors that a scenario expects in the logs of its hosts. */
export class ExpectedErrors {
  readonly #expected: Expected[] = []

  /** Expects errors from now on. */
  expect(match: ErrorMatch, { least = 1, most = Infinity }: ErrorCount = {}): void {
    this.#expected.push({ match, least, most, seen: 0 })
  }

  /** Whether an error is expected. It counts for the first expectation that it matches. */
  allows(event: LogEvent, host: string): boolean {
    const expected = this.#expected.find((each) => each.seen < each.most && matches(each.match, event, host))
    if (expected === undefined) return false
    expected.seen++
    return true
  }

  /** The expectations that were not met, one line each. */
  get missing(): readonly string[] {
    return this.#expected
      .filter(({ seen, least }) => seen < least)
      .map(
        ({ match, seen, least }) =>
          `expectError: an error that matches ${shownMatch(match)} was expected ${times(least)} and came ${times(seen)}`,
      )
  }
}

interface Expected {
  readonly match: ErrorMatch
  readonly least: number
  readonly most: number
  seen: number
}

/** The text of an event, with the messages of its error and of the causes of that. */
export function textOfError(event: LogEvent): string {
  return [formatEvent(event), ...messagesOf(event.error)].join(': ')
}

function messagesOf(error: unknown): readonly string[] {
  return causesOf(error).map((cause) => (cause instanceof Error ? cause.message : shown(cause)))
}

function shown(error: unknown): string {
  return formatEvent({ text: '{error}', fields: { error } })
}

function matches(match: ErrorMatch, event: LogEvent, host: string): boolean {
  if (typeof match === 'function') {
    const result: unknown = match(event, host)
    // A promise is true, whatever it resolves to.
    return Boolean(result) && !isThenable(result)
  }
  const text = textOfError(event)
  return typeof match === 'string' ? text.includes(match) : text.search(match) >= 0
}

function shownMatch(match: ErrorMatch): string {
  if (typeof match === 'function') return `the function ${match.name || '(no name)'}`
  return typeof match === 'string' ? JSON.stringify(match) : String(match)
}

function times(count: number): string {
  return count === 0 ? 'never' : count === 1 ? 'once' : `${count} times`
}
