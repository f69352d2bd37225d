import { UNREADABLE } from './plain-value.ts'
import { printable } from './printable.ts'
import { shownValue } from './shown-value.ts'

/**
 * An error in lines of text: its stack, then its causes' and those of the errors it gathers.
 *
 * Whatever else was thrown is one line. Never throws, and ends though causes go round in a circle.
 */
export function errorLines(error: unknown): readonly string[] {
  return linesOf(error, new Set())
}

function linesOf(error: unknown, told: Set<unknown>): string[] {
  try {
    if (!(error instanceof Error)) return [printable(shownValue(error))]
    if (told.has(error) || told.size >= MOST_ERRORS) return ['(and so on)']
    told.add(error)
    return [...stackOf(error), ...causeOf(error, told), ...gatheredIn(error, told)]
  } catch {
    return [UNREADABLE]
  }
}

function stackOf(error: Error): string[] {
  const { name, stack } = error
  if (typeof stack !== 'string') return [printable(shownValue(error))]
  // The stack is taken before a subclass can set its name.
  const named = stack.replace(/^Error(?=:|\n|$)/, () => name)
  return named.slice(0, MOST_CHARACTERS).split('\n').map(printable)
}

function causeOf({ cause }: Error, told: Set<unknown>): string[] {
  return cause === undefined ? [] : headed('Caused by: ', linesOf(cause, told))
}

function gatheredIn(error: Error, told: Set<unknown>): string[] {
  if (!(error instanceof AggregateError)) return []
  return error.errors
    .slice(0, MOST_ERRORS)
    .flatMap((one: unknown) => headed('One of them: ', linesOf(one, told)).map((line) => `    ${line}`))
}

function headed(head: string, [first = '', ...rest]: readonly string[]): string[] {
  return [`${head}${first}`, ...rest]
}

const MOST_ERRORS = 16
const MOST_CHARACTERS = 10_000
