import { cpSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A mistake in the arguments, which the message explains. Nothing has been written. */
export class MistakenArgument extends Error {
  override readonly name = 'MistakenArgument'
}

/** What `createProject` makes, and where. */
export interface Project {
  /** The absolute path of the folder. It is empty, has only a `.git`, or does not exist. */
  readonly folder: string
  /** The name in package.json. */
  readonly name: string
  /** A folder with the tarballs of the packages. Without it they come from where npm installs from. */
  readonly packages: string | undefined
}

/**
 * Writes a project: the files of the template, with the name and the versions of the packages.
 *
 * @returns How many files it has.
 * @throws {MistakenArgument} when the folder is in use, the name is no name of a package, or a tarball is missing.
 */
export function createProject(project: Project): number {
  checkFolder(project.folder)
  checkName(project.name)
  const manifest = manifestFor(project)
  cpSync(TEMPLATE, project.folder, { recursive: true })
  // npm leaves a .gitignore out of the packages that it packs.
  renameSync(join(project.folder, 'gitignore'), join(project.folder, '.gitignore'))
  writeFileSync(join(project.folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  const readme = join(project.folder, 'README.md')
  writeFileSync(readme, readFileSync(readme, 'utf8').replace(/^# .*/, `# ${project.name}`))
  return readdirSync(TEMPLATE, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .length
}

function checkFolder(folder: string): void {
  try {
    const names = readdirSync(folder).filter((name) => name !== '.git')
    if (names.length > 0) throw new MistakenArgument(`${folder} is not empty: it has ${names[0]}`)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOTDIR') throw new MistakenArgument(`${folder} is not a folder`)
    if (code !== 'ENOENT') throw error
  }
}

/** The rules of npm for new names. */
function checkName(name: string): void {
  if (PACKAGE_NAME.test(name) && name.length <= MOST_CHARACTERS && !RESERVED.has(name)) return
  throw new MistakenArgument(
    `"${name}" cannot be the name of a package: give --name NAME, in lower case, such as my-app`,
  )
}

interface Manifest {
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

function manifestFor(project: Project): Manifest & { readonly name: string } {
  const manifest = manifestIn(TEMPLATE)
  const { version } = manifestIn(PACKAGE)
  const tarballs = project.packages === undefined ? undefined : tarballsIn(project.packages)
  const pinned = (dependencies: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(
      Object.entries(dependencies).map(([name, range]) => {
        if (!name.startsWith('@ropewalk/')) return [name, range]
        return [name, tarballs === undefined ? `^${version}` : fileOf(name, tarballs, project)]
      }),
    )
  return {
    ...manifest,
    name: project.name,
    dependencies: pinned(manifest.dependencies),
    devDependencies: pinned(manifest.devDependencies),
  }
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

function tarballsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name))
  } catch (error) {
    throw new MistakenArgument(`cannot read the folder ${folder}: ${codeOf(error)}`)
  }
}

/** A dependency on the tarball of a package, relative to the project. */
function fileOf(name: string, tarballs: readonly string[], { folder, packages = '' }: Project): string {
  const prefix = name.replace('@', '').replace('/', '-')
  const found = tarballs.filter((path) => new RegExp(`[\\\\/]${prefix}-\\d[^\\\\/]*\\.tgz$`).test(path))
  if (found.length !== 1)
    throw new MistakenArgument(`${packages} must have one ${prefix}-VERSION.tgz, and has ${found.length}`)
  return `file:${relative(folder, found[0] ?? '').replaceAll(sep, '/')}`
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

const PACKAGE = fileURLToPath(new URL('../', import.meta.url))
const TEMPLATE = join(PACKAGE, 'template')
const PACKAGE_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/
const MOST_CHARACTERS = 214
const RESERVED = new Set(['node_modules', 'favicon.ico'])
