/** Where a file of a package stands. */
export interface Place {
  /** The package's folder: `core`. */
  readonly package: string
  /** The folders below `src/`, from the outermost: `['codec']`. */
  readonly folders: readonly string[]
  /** The name of the file without its ending. */
  readonly name: string
}

/**
 * Reads a source's place from its path.
 *
 * @throws {RangeError} for a path that is not in the `src/` of a package.
 */
export function placeOf(path: string): Place {
  const [packages, name, src, ...rest] = path.split('/')
  const file = rest.pop()
  if (packages !== 'packages' || name === undefined || src !== 'src' || file === undefined) {
    throw new RangeError(`Cannot place ${path}, which is in no package's src/`)
  }
  return { package: name, folders: rest, name: file.replace(/\.ts$/, '') }
}

/** The specifier under which an entry file is imported; undefined when the file is no entry. */
export function entrySpecifier(place: Place): string | undefined {
  if (place.folders.length > 0 || !ENTRY_NAMES.has(place.name)) return undefined
  return place.name === 'index' ? `@ropewalk/${place.package}` : `@ropewalk/${place.package}/${place.name}`
}

/** Whether the package is a tool of this repository, which nobody installs. */
export function isPrivateTool(place: Place): boolean {
  return PRIVATE_TOOLS.has(place.package)
}

const ENTRY_NAMES: ReadonlySet<string> = new Set([
  'index',
  'testing',
  'bytes',
  'options',
  'reactor',
  'vitest',
])
const PRIVATE_TOOLS: ReadonlySet<string> = new Set(['conformance', 'repo-checks'])
