import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildLoadProgram } from './load-program.ts'
import { PEERS } from './peers.ts'

/** What an installation has. */
export interface InstallationOptions {
  /** Whether the peers of `peers.ts` are installed beside our packages. */
  readonly peers: boolean
  /** Whether the tarballs that are already in `.pack/` are used; otherwise the packages are built and packed. */
  readonly packed: boolean
}

/**
 * Our packages as a user installs them, the peers, the servers that import both, and the load program.
 *
 * It is below `.bench/` in the root of the repository. npm runs only when a tarball, a peer or the version of Node has
 * changed; the servers and the load program are copied and built each time.
 */
export class Installation {
  /** Where it is, with a slash at its end. */
  readonly folder: string
  /** The load program for `LoadProcess`. */
  readonly loadProgram: string
  /** The tarballs and npm packages that are installed, by name. */
  readonly dependencies: Readonly<Record<string, string>>

  private constructor(folder: string, dependencies: Readonly<Record<string, string>>) {
    this.folder = folder
    this.loadProgram = `${folder}load.mjs`
    this.dependencies = dependencies
  }

  /**
   * Packs our packages and installs what has changed.
   *
   * @throws {Error} with the output of npm, when it fails.
   */
  static prepare({ peers, packed }: InstallationOptions): Installation {
    if (!packed || !existsSync(PACKED)) run('npm', ['run', '--silent', 'packages'], ROOT)
    const folder = `${ROOT}.bench/${peers ? 'with-peers' : 'alone'}/`
    const tarballs = readdirSync(PACKED).filter((name) => OURS.test(name))
    if (tarballs.length < 3)
      throw new Error(`Cannot find our packages in .pack/, which has ${tarballs.join(', ')}`)
    const dependencies = {
      ...Object.fromEntries(tarballs.map((name) => [nameOf(name), `file:${name}`])),
      ...(peers ? PEERS : {}),
    }
    const installation = new Installation(folder, dependencies)
    installation.#install(tarballs)
    cpSync(fileURLToPath(new URL('../servers/', import.meta.url)), `${folder}servers/`, { recursive: true })
    buildLoadProgram(installation.loadProgram)
    return installation
  }

  /** The path of a file of `servers/`, copied to where it can import what is installed. */
  server(file: string): string {
    return `${this.folder}servers/${file}`
  }

  /** The path of a file of an installed npm package, which need not exist. */
  module(path: string): string {
    return `${this.folder}node_modules/${path}`
  }

  /** The installed version of an npm package; undefined when it is not installed. */
  versionOf(name: string): string | undefined {
    const manifest = this.module(`${name}/package.json`)
    if (!existsSync(manifest)) return undefined
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version
  }

  #install(tarballs: readonly string[]): void {
    const record = `${this.folder}installed`
    const hash = createHash('sha256').update(process.version).update(JSON.stringify(this.dependencies))
    for (const name of tarballs) hash.update(readFileSync(PACKED + name))
    const wanted = hash.digest('hex')
    if (existsSync(record) && readFileSync(record, 'utf8') === wanted) return
    rmSync(this.folder, { recursive: true, force: true })
    mkdirSync(this.folder, { recursive: true })
    for (const name of tarballs) copyFileSync(PACKED + name, this.folder + name)
    const manifest = { private: true, type: 'module', dependencies: this.dependencies }
    writeFileSync(`${this.folder}package.json`, JSON.stringify(manifest, undefined, 2))
    run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], this.folder)
    writeFileSync(record, wanted)
  }
}

/** `ropewalk-core-0.1.0.tgz` is `@ropewalk/core`. */
function nameOf(tarball: string): string {
  return `@ropewalk/${OURS.exec(tarball)?.[1]}`
}

function run(program: string, args: readonly string[], folder: string): void {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' })
  if (status === 0) return
  throw new Error(`Cannot run ${program} ${args.join(' ')}: ${error?.message ?? ''}\n${stdout}${stderr}`)
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const PACKED = `${ROOT}.pack/`
const OURS = /^ropewalk-(core|http|websocket)-.*\.tgz$/
