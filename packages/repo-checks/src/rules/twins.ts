import { entrySpecifier, placeOf } from '../reading/place.ts'
import type { Repository } from '../reading/repository.ts'
import type { Source } from '../reading/source.ts'
import type { Violation } from '../reading/violation.ts'

/** Finds sources without a test of their own. Entries and files that declare only types need none. */
export function twins(repository: Repository): readonly Violation[] {
  return repository.sources.flatMap((source) => {
    const twin = source.path.replace('/src/', '/test/').replace(/\.ts$/, '.test.ts')
    const needsNone = entrySpecifier(placeOf(source.path)) !== undefined || declaresOnlyTypes(source)
    if (needsNone || repository.files.has(twin)) return []
    return [source.violation({ start: 0 }, 'has no test of its own', `write ${twin}`)]
  })
}

function declaresOnlyTypes(source: Source): boolean {
  return source.program.body.every((node) => {
    const declaration = node.type === 'ExportNamedDeclaration' ? node.declaration : node
    if (declaration === null) return node.type === 'ExportNamedDeclaration' && node.exportKind === 'type'
    return TYPES_ONLY.has(declaration.type)
  })
}

const TYPES_ONLY: ReadonlySet<string> = new Set([
  'ImportDeclaration',
  'TSInterfaceDeclaration',
  'TSTypeAliasDeclaration',
])
