import { programFrames } from './call-site.ts'
import { errorText } from './error-text.ts'
import { SimulationFailed } from './run-loop.ts'

/**
 * Whether two errors are the same failure: their messages differ in numbers only, or they were thrown at the
 * same place of the program.
 */
export function isSameFailure(one: unknown, other: unknown): boolean {
  if (maskedMessage(one) === maskedMessage(other)) return true
  const [here, there] = [throwSite(one), throwSite(other)]
  return here !== '' && here === there
}

/** The message of a failure with those of its causes, without the seed and the time of the run. */
export function reasonOf(error: unknown): string {
  if (error instanceof SimulationFailed) return error.why
  return errorText(error)
}

/** The stack frames of the program in the innermost cause of an error that has any. */
export function userFrames(error: unknown): readonly string[] {
  let found: readonly string[] = []
  let cause = error
  for (let depth = 0; cause instanceof Error && depth < MOST_CAUSES; depth++) {
    const frames = programFrames(framesOf(cause))
    if (frames.length > 0) found = frames
    cause = cause.cause
  }
  return found
}

function maskedMessage(error: unknown): string {
  return reasonOf(error).replaceAll(/\d+(?:\.\d+)?/g, '#')
}

function throwSite(error: unknown): string {
  return userFrames(error).slice(0, SITE_FRAMES).join(' ')
}

function framesOf({ stack = '' }: Error): readonly string[] {
  return stack
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .map((line) => line.trim())
}

const MOST_CAUSES = 8
const SITE_FRAMES = 3
