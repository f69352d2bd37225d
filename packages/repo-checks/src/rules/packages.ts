import { entrySpecifier, lineAt, type Repository, type Source, type Violation } from '../repository.ts'

/** Finds dependencies that a published package must not have, and exports that differ between workspace and registry. */
export function manifests(repository: Repository): readonly Violation[] {
  const files = Object.keys(DEPENDENCIES).flatMap((name) => manifestOf(name, repository))
  return [...files.flatMap(unwantedDependencies), ...files.flatMap(unevenExports)]
}

/** The fields of a package.json that the rules read. */
interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, string>>
  readonly publishConfig?: { readonly exports?: Readonly<Record<string, unknown>> }
}

interface ManifestFile {
  /** The package's folder: `core`. */
  readonly name: string
  readonly path: string
  readonly text: string
  readonly manifest: Manifest
}

function manifestOf(name: string, repository: Repository): readonly ManifestFile[] {
  const path = `packages/${name}/package.json`
  const text = repository.files.get(path)
  return text === undefined ? [] : [{ name, path, text, manifest: JSON.parse(text) as Manifest }]
}

function unwantedDependencies(file: ManifestFile): readonly Violation[] {
  const { dependencies, peerDependencies, optionalDependencies } = file.manifest
  return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })
    .filter((name) => !DEPENDENCIES[file.name]?.includes(name))
    .map((name) =>
      violation(
        file,
        name,
        `depends on ${name}`,
        'remove it: published packages need Node, each other, and what the rule names',
      ),
    )
}

function unevenExports(file: ManifestFile): readonly Violation[] {
  const inWorkspace = Object.keys(file.manifest.exports ?? {})
  const published = Object.keys(file.manifest.publishConfig?.exports ?? {})
  return [...inWorkspace, ...published]
    .filter((key) => !inWorkspace.includes(key) || !published.includes(key))
    .map((key) => violation(file, key, `exports ${key} on one side only`, SAME_KEYS))
}

function violation({ path, text }: ManifestFile, key: string, what: string, remedy: string): Violation {
  return { path, line: lineAt(text, text.indexOf(`"${key}"`)), what, remedy }
}

const SAME_KEYS = 'give exports and publishConfig.exports the same keys'
/** What each published package may depend on: packages of this repository, and tables that others keep up to date. */
const DEPENDENCIES: Readonly<Record<string, readonly string[]>> = {
  core: [],
  http: ['@ropewalk/core', 'mime'],
  websocket: ['@ropewalk/core', '@ropewalk/http'],
}

/** Finds entries with more than named re-exports, and every `index.ts` that is not an entry. */
export function entries(repository: Repository): readonly Violation[] {
  return repository.sources.flatMap((source) => {
    if (entrySpecifier(source.path) !== undefined) return moreThanReExports(source)
    if (!source.path.endsWith('/index.ts')) return []
    return [
      source.violation({ start: 0 }, 'is a second index.ts', 'import the files of the folder by their names'),
    ]
  })
}

function moreThanReExports(source: Source): readonly Violation[] {
  return source.program.body
    .filter((node) => node.type !== 'ExportNamedDeclaration' || node.source === null)
    .map((node) =>
      source.violation(node, 'is not a named re-export', 'an entry holds only `export { name } from` a file'),
    )
}
