import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Comment, parseSync, type Program, Visitor, type VisitorObject } from 'oxc-parser'

/** One place where the repository breaks a rule. */
export interface Violation {
  /** The file, from the root of the repository. */
  readonly path: string
  /** Counts from 1. */
  readonly line: number
  /** What is wrong there. */
  readonly what: string
  /** How to correct it. */
  readonly remedy: string
}

/** Formats violations, one a line: `file:line what — how to correct it`. */
export function formatViolations(violations: readonly Violation[]): string {
  return violations.map(({ path, line, what, remedy }) => `${path}:${line} ${what} — ${remedy}`).join('\n')
}

/** The text files of a repository, the TypeScript among them parsed once. */
export class Repository {
  /** Every text file: its path from the root, with `/`, and its content. */
  readonly files: ReadonlyMap<string, string>
  /** What packages ship: `packages/<package>/src/`. */
  readonly sources: readonly Source[]
  /** Tests of packages and of examples, with the modules that only they use. */
  readonly tests: readonly Source[]
  /** All of them: what packages ship, tests, and the programs in `examples/`. */
  readonly programs: readonly Source[]

  constructor(files: Readonly<Record<string, string>>) {
    this.files = new Map(Object.entries(files))
    this.sources = this.#parsed(/^packages\/[^/]+\/src\/.*\.ts$/)
    this.tests = this.#parsed(/^(?:packages\/[^/]+|examples)\/test\/.*\.ts$/)
    this.programs = [...this.sources, ...this.tests, ...this.#parsed(/^examples\/[^/]+\.ts$/)]
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

/** One file of TypeScript or JavaScript, parsed. A file with a syntax error has an empty tree; oxlint reports it. */
export class Source {
  /** From the root of the repository: `packages/core/src/errors.ts`. */
  readonly path: string
  /** The content of the file. */
  readonly text: string
  /** The syntax tree; its offsets count in `text`. */
  readonly program: Program
  /** All comments, in order. */
  readonly comments: readonly Comment[]

  constructor(path: string, text: string) {
    const parsed = parseSync(path, text)
    this.path = path
    this.text = text
    this.program = parsed.program
    this.comments = parsed.comments
  }

  /** Walks the whole tree, outer nodes first. */
  visit(visitor: VisitorObject): void {
    new Visitor(visitor).visit(this.program)
  }

  /** A violation on the line where `at` begins. */
  violation(at: Pick<Stretch, 'start'>, what: string, remedy: string): Violation {
    return { path: this.path, line: lineAt(this.text, at.start), what, remedy }
  }
}

/** A part of a text, by its offsets; every node of the tree is one. */
export interface Stretch {
  readonly start: number
  readonly end: number
}

/** The line, counted from 1, of the character at `offset`. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/** The specifier under which an entry file is imported; undefined when the file is not an entry. */
export function entrySpecifier(path: string): string | undefined {
  const [, name = '', file = ''] = /^packages\/([^/]+)\/src\/(\w+)\.ts$/.exec(path) ?? []
  if (!ENTRY_NAMES.has(file)) return undefined
  return file === 'index' ? `@ropewalk/${name}` : `@ropewalk/${name}/${file}`
}

function textPathsIn(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return NOT_OURS.test(entry.name) || path === SITE ? [] : textPathsIn(root, path)
    return entry.isFile() && TEXT_FILE.test(entry.name) ? [path] : []
  })
}

/** Installed or built, or the folder in which a test compiles the listings of the documents. */
const NOT_OURS = /^(?:\.git|\.pack|\.bench|coverage|dist|node_modules|\.listings-.*)$/
/** The site that `npm run docs` builds. */
const SITE = 'docs/site'
const TEXT_FILE = /\.(?:[cm]?[jt]s|html|json|md|sh|svg|txt|ya?ml)$|^LICENSE$|^run$/
const ENTRY_NAMES: ReadonlySet<string> = new Set([
  'bytes',
  'checks',
  'client',
  'codec',
  'endpoints',
  'index',
  'log',
  'mount',
  'node',
  'options',
  'policies',
  'process',
  'proxy',
  'reactor',
  'resources',
  'services',
  'static',
  'stream',
  'testing',
  'time',
  'tls',
  'topics',
  'udp',
  'vitest',
  'web',
])
