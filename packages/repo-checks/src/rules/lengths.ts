import { functionsOf } from '../reading/functions.ts'
import type { Repository } from '../reading/repository.ts'
import type { Source } from '../reading/source.ts'
import type { Violation } from '../reading/violation.ts'
import { LENGTH_ALLOWANCES, type LengthAllowance } from './length-allowances.ts'

/** Finds files over 500 lines and functions over 60 that no allowance names, files over 600, and idle allowances. */
export function lengths(
  repository: Repository,
  allowances: readonly LengthAllowance[] = LENGTH_ALLOWANCES,
): readonly Violation[] {
  const long = repository.sources.flatMap(longPartsOf)
  const isAllowed = (part: LongPart): boolean => allowances.some((allowance) => names(allowance, part))
  return [
    ...long.filter((part) => part.beyondAllowance || !isAllowed(part)).map(({ violation }) => violation),
    ...allowances.filter((allowance) => !long.some((part) => names(allowance, part))).map(idle),
  ]
}

interface LongPart {
  readonly path: string
  /** The function's name; undefined for the whole file. */
  readonly name: string | undefined
  readonly beyondAllowance: boolean
  readonly violation: Violation
}

function longPartsOf(source: Source): readonly LongPart[] {
  const { path } = source
  const lines = source.text.trimEnd().split('\n').length
  const file = {
    path,
    name: undefined,
    beyondAllowance: lines > FILE_LINES_EVER,
    violation: source.violation({ start: 0 }, `has ${lines} lines`, 'find the second concept in it'),
  }
  const functions = functionsOf(source)
    .filter((node) => source.linesOf(node) > FUNCTION_LINES)
    .map((node) => ({
      path,
      name: node.name,
      beyondAllowance: false,
      violation: source.violation(
        node,
        `${node.name} has ${source.linesOf(node)} lines`,
        'give its steps names',
      ),
    }))
  return lines > FILE_LINES ? [file, ...functions] : functions
}

function names(allowance: LengthAllowance, part: LongPart): boolean {
  return allowance.path === part.path && allowance.name === part.name
}

function idle({ path, name }: LengthAllowance): Violation {
  const what = `${name ?? 'the file'} is not long, or is gone`
  return { path, line: 1, what, remedy: 'take its entry out of rules/length-allowances.ts' }
}

const FILE_LINES = 500
const FILE_LINES_EVER = 600
const FUNCTION_LINES = 60
