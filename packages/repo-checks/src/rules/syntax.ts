import type { Repository } from '../reading/repository.ts'
import type { Violation } from '../reading/violation.ts'

/** Finds files that are no TypeScript, which no other rule can read. */
export function syntax(repository: Repository): readonly Violation[] {
  return repository.programs.flatMap((source) =>
    source.errors.map(({ message, labels }) =>
      source.violation({ start: labels[0]?.start ?? 0 }, `cannot be parsed: ${message}`, 'mend it'),
    ),
  )
}
