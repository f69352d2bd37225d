import { entrySpecifier, lineAt, type Repository, type Source, type Violation } from '../repository.ts'

/** Finds dependencies that a published package must not have, and exports that differ between workspace and registry. */
export function manifests(repository: Repository): readonly Violation[] {
  const files = publishedIn(repository)
  return [
    ...unknownPackages(repository),
    ...files.flatMap(unwantedDependencies),
    ...files.flatMap(unevenExports),
  ]
}

/** Finds fields of package.json that a published package lacks, and changelogs without an entry for its version. */
export function publishedFields(repository: Repository): readonly Violation[] {
  return publishedIn(repository).flatMap((file) =>
    incompleteFields(file, repository).concat(changelogWithoutVersion(file, repository)),
  )
}

/** Finds published packages that have another version than the first one, or that changesets does not keep equal. */
export function equalVersions(repository: Repository): readonly Violation[] {
  const files = publishedIn(repository)
  const version = files[0]?.manifest.version
  const fixed = repository.files.get(CHANGESETS) ?? ''
  const different = files.filter(({ manifest }) => manifest.version !== version)
  const unknown = files.filter(({ manifest }) => !fixed.includes(`"${manifest.name}"`))
  return [
    ...different.map((file) =>
      violation(file, 'version', `has the version ${file.manifest.version}`, SAME_VERSION),
    ),
    ...unknown.map((file) => violation(file, 'name', `is not in ${CHANGESETS}`, 'add its name to fixed')),
  ]
}

function publishedIn(repository: Repository): readonly ManifestFile[] {
  return Object.keys(DEPENDENCIES).flatMap((name) => manifestOf(name, repository))
}

/** The fields of a package.json that the rules read. */
interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly description?: string
  readonly keywords?: readonly string[]
  readonly homepage?: string
  readonly bugs?: string
  readonly license?: string
  readonly repository?: { readonly url?: string; readonly directory?: string }
  readonly files?: readonly string[]
  readonly type?: string
  readonly sideEffects?: boolean
  readonly engines?: { readonly node?: string }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, string>>
  readonly publishConfig?: {
    readonly exports?: Readonly<Record<string, unknown>>
    readonly access?: string
    readonly provenance?: boolean
  }
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

function unknownPackages(repository: Repository): readonly Violation[] {
  return Array.from(repository.files).flatMap(([path, text]) => {
    const [, name] = /^packages\/([^/]+)\/package\.json$/.exec(path) ?? []
    if (name === undefined || Object.hasOwn(DEPENDENCIES, name) || text.includes('"private": true')) return []
    return [{ path, line: 1, what: 'is published, and no rule knows it', remedy: UNKNOWN }]
  })
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

function incompleteFields(file: ManifestFile, repository: Repository): readonly Violation[] {
  const { manifest, name } = file
  const url = /^git\+(https:\/\/.+)\.git$/.exec(manifest.repository?.url ?? '')?.[1]
  const node = /"node": "([^"]+)"/.exec(repository.files.get('package.json') ?? '')?.[1]
  const isRight: Readonly<Record<string, boolean>> = {
    description: Boolean(manifest.description),
    keywords: (manifest.keywords ?? []).length > 0,
    homepage: url !== undefined && (manifest.homepage?.startsWith(url) ?? false),
    bugs: manifest.bugs === `${url}/issues`,
    license: manifest.license === 'MIT',
    repository: url !== undefined && manifest.repository?.directory === `packages/${name}`,
    files: manifest.files?.includes('CHANGELOG.md') ?? false,
    type: manifest.type === 'module',
    sideEffects: manifest.sideEffects !== undefined,
    exports: manifest.exports?.['./package.json'] !== undefined,
    engines: node !== undefined && manifest.engines?.node === node,
    publishConfig: manifest.publishConfig?.access === 'public' && manifest.publishConfig.provenance === true,
  }
  return Object.entries(isRight)
    .filter(([, right]) => !right)
    .map(([field]) => violation(file, field, `has no complete ${field}`, COMPLETE))
}

function changelogWithoutVersion(file: ManifestFile, repository: Repository): readonly Violation[] {
  const path = `packages/${file.name}/CHANGELOG.md`
  const { version } = file.manifest
  if (repository.files.get(path)?.includes(`\n## ${version}\n`)) return []
  return [
    {
      path,
      line: 1,
      what: `has no entry for ${version}`,
      remedy: 'run npm run changeset version, or write it',
    },
  ]
}

function violation({ path, text }: ManifestFile, key: string, what: string, remedy: string): Violation {
  return { path, line: lineAt(text, text.indexOf(`"${key}"`)), what, remedy }
}

const CHANGESETS = '.changeset/config.json'
const SAME_VERSION = 'published packages have one version'
const COMPLETE = 'fill it in as the other published packages do'
const UNKNOWN = 'add it to DEPENDENCIES here, .changeset/config.json and .ci/publish.mjs, or make it private'
const SAME_KEYS = 'give exports and publishConfig.exports the same keys'
/** What each published package may depend on: packages of this repository, and tables that others keep up to date. */
const DEPENDENCIES: Readonly<Record<string, readonly string[]>> = {
  core: [],
  http: ['@ropewalk/core', 'mime'],
  websocket: ['@ropewalk/core', '@ropewalk/http'],
  simulation: ['@ropewalk/core', 'vitest'],
  'create-ropewalk': [],
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
