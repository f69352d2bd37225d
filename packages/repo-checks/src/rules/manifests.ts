import type { Repository } from '../reading/repository.ts'
import { lineAt, type Violation } from '../reading/violation.ts'

/** Finds dependencies that a published package must not have, and exports that differ between workspace and registry. */
export function manifests(repository: Repository): readonly Violation[] {
  const files = Object.keys(DEPENDENCIES).flatMap((name) => manifestOf(name, repository))
  return [
    ...files.flatMap(unwantedDependencies),
    ...files.flatMap(unevenExports),
    ...files.flatMap((file) => lostExports(file, repository)),
  ]
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
    .map((name) => violation(file, name, `depends on ${name}`, 'do without: Node alone is needed'))
}

function unevenExports(file: ManifestFile): readonly Violation[] {
  const inWorkspace = Object.keys(file.manifest.exports ?? {})
  const published = Object.keys(file.manifest.publishConfig?.exports ?? {})
  const uneven = [
    ...inWorkspace.filter((key) => !published.includes(key)),
    ...published.filter((key) => !inWorkspace.includes(key)),
  ]
  return uneven.map((key) =>
    violation(
      file,
      key,
      `exports ${key} on one side only`,
      'give exports and publishConfig.exports the same keys',
    ),
  )
}

function lostExports(file: ManifestFile, repository: Repository): readonly Violation[] {
  const folder = file.path.replace('package.json', '')
  return Object.entries(file.manifest.exports ?? {})
    .filter(([, target]) => !repository.files.has(target.replace('./', folder)))
    .map(([key, target]) =>
      violation(file, key, `exports ${target}, which is not there`, 'write the entry, or take it out'),
    )
}

function violation({ path, text }: ManifestFile, key: string, what: string, remedy: string): Violation {
  return { path, line: lineAt(text, text.indexOf(`"${key}"`)), what, remedy }
}

/** What each published package may depend on. */
const DEPENDENCIES: Readonly<Record<string, readonly string[]>> = {
  core: [],
  http: ['@ropewalk/core'],
  websocket: ['@ropewalk/core', '@ropewalk/http'],
}
