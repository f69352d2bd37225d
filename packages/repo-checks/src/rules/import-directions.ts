import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { entrySpecifier, type Repository, type Source, type Violation } from '../repository.ts'

/**
 * Finds imports against the arrows of docs/architecture.md, type-only ones included, and relative imports that leave
 * their package. oxlint finds the cycles within a folder, and the `node:` modules.
 */
export function importDirections(repository: Repository): readonly Violation[] {
  return [...repository.sources.flatMap(againstTheArrows), ...repository.programs.flatMap(outOfThePackage)]
}

function againstTheArrows(source: Source): readonly Violation[] {
  const from = folderOf(source.path)
  if (from === undefined) {
    return [
      source.violation(
        { start: 0 },
        'is in a folder that the map of imports lacks',
        'add the folder and its arrows to packages/repo-checks/arrows.json',
      ),
    ]
  }
  return importsOf(source)
    .filter((found) => !found.specifier.startsWith('node:') && !leaves(source.path, found))
    .flatMap((found) => {
      const to = found.path === undefined ? found.specifier : folderOf(found.path)
      if (to === undefined || mayImport(from, to)) return []
      return [
        source.violation(
          found,
          `${from} imports ${to}`,
          'reverse the dependency, or move what both need to a lower folder',
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
        'import another package by its name; src/ imports only src/',
      ),
    )
}

/** Whether a relative import leaves its package, or leaves the `src/` that is shipped. */
function leaves(path: string, { path: to }: Import): boolean {
  const home =
    /^packages\/[^/]+\/src\//.exec(path) ?? /^packages\/[^/]+\//.exec(path) ?? /^examples\//.exec(path)
  return to !== undefined && home !== null && !to.startsWith(home[0])
}

/** One mention of another module: an import, a re-export, a dynamic import or an `import('…')` type. */
interface Import {
  /** As it is written: `node:net`, `@ropewalk/core`, `./errors.ts`. */
  readonly specifier: string
  /** The path from the root of the repository, when the specifier is relative. */
  readonly path: string | undefined
  /** Its offset in the text. */
  readonly start: number
}

function importsOf(source: Source): readonly Import[] {
  const imports: Import[] = []
  const add = (specifier: string, start: number): void => {
    const path = specifier.startsWith('.') ? posix.join(posix.dirname(source.path), specifier) : undefined
    imports.push({ specifier, path, start })
  }
  source.visit({
    ImportDeclaration: (node) => add(node.source.value, node.start),
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

/** The key of arrows.json that covers a source; undefined when none does. */
function folderOf(path: string): string | undefined {
  const entry = entrySpecifier(path)
  if (entry !== undefined) return Object.hasOwn(ARROWS, entry) ? entry : undefined
  const steps = path
    .replace(/^packages\//, '')
    .replace('/src/', '/')
    .replace(/\.ts$/, '')
    .split('/')
  // The key of a package covers only the files beside the entries; a folder needs its own.
  const fewest = Math.min(steps.length - 1, 2)
  for (let count = steps.length; count >= fewest; count -= 1) {
    const key = steps.slice(0, count).join('/')
    if (Object.hasOwn(ARROWS, key)) return key
  }
  return undefined
}

/** Whether the arrows lead from a folder to another one, directly or through other folders. */
function mayImport(from: string, to: string): boolean {
  // A set visits what is added while it is read.
  const reached = new Set([from])
  for (const folder of reached) for (const next of ARROWS[folder] ?? []) reached.add(next)
  return reached.has(to)
}

/**
 * The imports of each folder, file beside the entries, and entry: the arrows of docs/architecture.md.
 * An arrow is transitive: a folder may also import what the imported folder may import.
 */
const ARROWS = JSON.parse(readFileSync(new URL('../../arrows.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, readonly string[]>
>
