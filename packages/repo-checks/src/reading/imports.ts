import { posix } from 'node:path'
import type { ImportDeclarationSpecifier } from 'oxc-parser'
import type { Source } from './source.ts'

/** One mention of another module: an import, a re-export, a dynamic import or an `import('…')` type. */
export interface Import {
  /** As it is written: `node:net`, `@ropewalk/core`, `./errors.ts`. */
  readonly specifier: string
  /** The path from the root of the repository, when the specifier is relative. */
  readonly path: string | undefined
  /** The names asked for, as the other module calls them; empty when it is all of them. */
  readonly names: readonly string[]
  /** Where in the text it begins. */
  readonly start: number
}

/** Every import of a file, type-only ones included. */
export function importsOf(source: Source): readonly Import[] {
  const imports: Import[] = []
  const add = (specifier: string, start: number, names: readonly string[] = []): void => {
    imports.push({ specifier, path: resolve(source.path, specifier), names, start })
  }
  source.visit({
    ImportDeclaration: (node) => add(node.source.value, node.start, node.specifiers.flatMap(importedName)),
    ExportAllDeclaration: (node) => add(node.source.value, node.start),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) add(node.source.value, node.start)
    },
    ImportExpression: (node) => {
      if (node.source.type === 'Literal') add(String(node.source.value), node.start)
    },
    TSImportType: (node) => add(node.source.value, node.start),
  })
  return imports
}

function importedName(specifier: ImportDeclarationSpecifier): readonly string[] {
  if (specifier.type !== 'ImportSpecifier') return []
  return [specifier.imported.type === 'Literal' ? specifier.imported.value : specifier.imported.name]
}

function resolve(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined
}
