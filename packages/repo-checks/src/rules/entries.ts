import { entrySpecifier, placeOf } from '../reading/place.ts'
import type { Repository } from '../reading/repository.ts'
import type { Source } from '../reading/source.ts'
import type { Violation } from '../reading/violation.ts'

/** Finds entries that hold more than named re-exports, and an `index.ts` that is no entry. */
export function entries(repository: Repository): readonly Violation[] {
  return repository.sources.flatMap((source) => {
    const place = placeOf(source.path)
    if (entrySpecifier(place) !== undefined) return moreThanReExports(source)
    if (place.name !== 'index') return []
    return [
      source.violation({ start: 0 }, 'is a second index.ts', 'import the files of the room by their names'),
    ]
  })
}

function moreThanReExports(source: Source): readonly Violation[] {
  return source.program.body
    .filter((node) => node.type !== 'ExportNamedDeclaration' || node.source === null)
    .map((node) =>
      source.violation(
        node,
        'an entry holds more than a named re-export',
        'name what it exports, from where',
      ),
    )
}
