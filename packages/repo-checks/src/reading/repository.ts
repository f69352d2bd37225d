import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Source } from './source.ts'

/** The text files of a repository, the TypeScript among them parsed. */
export class Repository {
  /** Every text file: its path from the root, with `/`, and what it holds. */
  readonly files: ReadonlyMap<string, string>
  /** What packages ship: `packages/<package>/src/`. */
  readonly sources: readonly Source[]
  /** Tests of packages and of examples, with what only they use. */
  readonly tests: readonly Source[]
  /** The programs in `examples/`. */
  readonly examples: readonly Source[]
  /** All of them: what packages ship, tests and examples. */
  readonly programs: readonly Source[]

  constructor(files: Readonly<Record<string, string>>) {
    this.files = new Map(Object.entries(files))
    this.sources = this.#parsed(/^packages\/[^/]+\/src\/.*\.ts$/)
    this.tests = this.#parsed(/^(?:packages\/[^/]+|examples)\/test\/.*\.ts$/)
    this.examples = this.#parsed(/^examples\/[^/]+\.ts$/)
    this.programs = [...this.sources, ...this.tests, ...this.examples]
  }

  /** Reads the repository in the folder `root`, without what tools install or build there. */
  static read(root: string): Repository {
    const paths = textPathsIn(root, '')
    return new Repository(
      Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')])),
    )
  }

  #parsed(paths: RegExp): readonly Source[] {
    return Array.from(this.files)
      .filter(([path]) => paths.test(path))
      .map(([path, text]) => new Source(path, text))
  }
}

function textPathsIn(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : textPathsIn(root, path)
    return entry.isFile() && TEXT_FILE.test(entry.name) ? [path] : []
  })
}

const NOT_OURS: ReadonlySet<string> = new Set(['.git', '.pack', 'coverage', 'dist', 'node_modules'])
const TEXT_FILE = /\.(?:[cm]?[jt]s|html|json|md|sh|svg|txt|ya?ml)$|^LICENSE$|^run$/
