import { type Import, importsOf } from '../reading/imports.ts'
import type { Repository } from '../reading/repository.ts'
import type { Source } from '../reading/source.ts'
import type { Violation } from '../reading/violation.ts'
import { mayImport, roomOf } from './rooms.ts'

/** Finds imports that go against the arrows of docs/architecture.md, type-only ones included. */
export function importDirections(repository: Repository): readonly Violation[] {
  return [...repository.sources.flatMap(againstTheArrows), ...repository.programs.flatMap(outOfThePackage)]
}

function againstTheArrows(source: Source): readonly Violation[] {
  const room = roomOf(source.path)
  if (room === undefined) {
    return [
      source.violation(
        { start: 0 },
        'is in a room without a line in the map',
        'draw its arrows in rules/rooms.ts',
      ),
    ]
  }
  return importsOf(source)
    .filter((found) => !found.specifier.startsWith('node:') && !leaves(source.path, found))
    .flatMap((found) => {
      const goal = found.path === undefined ? found.specifier : roomOf(found.path)
      if (goal === undefined || mayImport(room, goal)) return []
      return [
        source.violation(
          found,
          `${room} imports ${goal}`,
          'turn the arrow round, or move what is needed down',
        ),
      ]
    })
}

function outOfThePackage(source: Source): readonly Violation[] {
  return importsOf(source)
    .filter((found) => leaves(source.path, found))
    .map((found) =>
      source.violation(
        found,
        `reaches into ${found.specifier}`,
        "import the package by its name, or one's own src/",
      ),
    )
}

/** Whether a relative import leaves its package, or the `src/` that is shipped. */
function leaves(path: string, { path: goal }: Import): boolean {
  const home =
    /^packages\/[^/]+\/src\//.exec(path) ?? /^packages\/[^/]+\//.exec(path) ?? /^examples\//.exec(path)
  return goal !== undefined && home !== null && !goal.startsWith(home[0])
}
