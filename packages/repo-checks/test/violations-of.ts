import { Repository } from '../src/reading/repository.ts'
import type { Violation } from '../src/reading/violation.ts'

/** What a rule finds in a repository of these files, as `path:line what`. */
export function violationsOf(
  check: (repository: Repository) => readonly Violation[],
  files: Readonly<Record<string, string>>,
): readonly string[] {
  return check(new Repository(files)).map(({ path, line, what }) => `${path}:${line} ${what}`)
}
