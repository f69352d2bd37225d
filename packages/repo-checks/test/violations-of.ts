import { Repository, type Violation } from '../src/repository.ts'

/** Returns what a rule finds in a repository of these files, as `path:line what`. */
export function violationsOf(
  check: (repository: Repository) => readonly Violation[],
  files: Readonly<Record<string, string>>,
): readonly string[] {
  return check(new Repository(files)).map(({ path, line, what }) => `${path}:${line} ${what}`)
}
