import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { SetupError } from './command-line.ts'
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
   * @throws {SetupError} when npm fails, which has printed why.
   */
  static prepare({ peers, packed }: InstallationOptions): Installation {
    if (!packed || !existsSync(PACKED)) {
      console.error('Building and packing the packages (about 15 s) …')
      run('npm', ['run', '--silent', 'packages'], ROOT)
    }
    const folder = `${ROOT}.bench/${peers ? 'with-peers' : 'alone'}/`
    const tarballs = readdirSync(PACKED).filter((name) => OURS.test(name))
    if (tarballs.length < 3)
      throw new SetupError(`Cannot find our packages in .pack/, which has ${tarballs.join(', ')}`)
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

  /** Whether all peers have the wanted versions: Node would find another one in the repository's own dependencies. */
  #hasPeers(): boolean {
    return Object.entries(this.dependencies).every(([name, wanted]) => {
      const version = this.#versionOf(name)
      return version !== undefined && (wanted.startsWith('file:') || version === wanted)
    })
  }

  /** The installed version of an npm package; undefined when it is not installed. */
  #versionOf(name: string): string | undefined {
    const manifest = this.module(`${name}/package.json`)
    if (!existsSync(manifest)) return undefined
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version
  }

  #install(tarballs: readonly string[]): void {
    const record = `${this.folder}installed`
    const hash = createHash('sha256').update(process.version).update(JSON.stringify(this.dependencies))
    for (const name of tarballs) hash.update(readFileSync(PACKED + name))
    const wanted = hash.digest('hex')
    if (existsSync(record) && readFileSync(record, 'utf8') === wanted && this.#hasPeers()) return
    rmSync(this.folder, { recursive: true, force: true })
    mkdirSync(this.folder, { recursive: true })
    for (const name of tarballs) copyFileSync(PACKED + name, this.folder + name)
    const manifest = { private: true, type: 'module', dependencies: this.dependencies }
    const manifestPath = `${this.folder}package.json`
    writeFileSync(manifestPath, JSON.stringify(manifest, undefined, 2))
    console.error(`Installing ${Object.keys(this.dependencies).join(', ')} (once; about 15 s) …`)
    run('npm', ['install', ...INSTALL_OPTIONS], this.folder)
    if (!this.#hasPeers()) throw new SetupError(`npm has not installed all that ${manifestPath} lists`)
    writeFileSync(record, wanted)
  }
}

/** `ropewalk-core-0.1.0.tgz` is `@ropewalk/core`. */
function nameOf(tarball: string): string {
  return `@ropewalk/${OURS.exec(tarball)?.[1]}`
}

/** Runs a program of npm. Its errors go to the terminal at once, and its output after a failure. */
function run(program: string, args: readonly string[], folder: string): void {
  const { status, stdout, error } = spawnSync(program, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    // Otherwise `npm run --silent` would hide the reasons of a failure too.
    env: { ...process.env, npm_config_loglevel: 'warn' },
  })
  if (status === 0) return
  process.stderr.write(stdout ?? '')
  throw new SetupError(
    `Cannot run ${program} ${args.join(' ')}: ${error?.message ?? `it ended with status ${status}`}. ` +
      'Fix the cause and run the same command again. `npm config get registry` prints where packages come from.',
  )
}

/** Without a network, npm gives up after seconds and not after minutes. */
const INSTALL_OPTIONS = [
  '--no-audit',
  '--no-fund',
  '--no-package-lock',
  '--fetch-timeout=20000',
  '--fetch-retries=1',
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=5000',
]
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const PACKED = `${ROOT}.pack/`
const OURS = /^ropewalk-(core|http|websocket)-.*\.tgz$/
