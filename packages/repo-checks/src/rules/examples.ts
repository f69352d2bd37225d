import { dirname, join } from 'node:path/posix'
import type { ExportNamedDeclaration, ExportSpecifier } from 'oxc-parser'
import { entrySpecifier, type Repository, type Source, type Violation } from '../repository.ts'

/**
 * Finds classes, functions and constants of the public entries that no example shows.
 *
 * An example is a listing in a document, a program in `examples/`, or code in a docstring. It shows the names that it
 * contains, and what shares a file with one of them, because a file is one concept. Types and errors belong to what
 * uses them.
 */
export function examples(repository: Repository): readonly Violation[] {
  const shown = shownNames(repository)
  const concepts = new Set(
    repository.sources.filter((source) => isShown(source, shown)).map(({ path }) => path),
  )
  return repository.sources
    .filter(({ path }) => isForUsers(entrySpecifier(path)))
    .flatMap((entry) =>
      exportedValues(entry)
        .filter(({ name, home }) => !isError(name, home) && !concepts.has(home))
        .filter(({ name }) => !shown.has(BELONGS_TO[name] ?? name))
        .map(({ name, at }) =>
          entry.violation(at, `${name} has no example`, 'write an @example in its docstring'),
        ),
    )
}

/** The names in listings of documents and in the programs of `examples/`. */
function shownNames({ files }: Repository): ReadonlySet<string> {
  const programs = Array.from(files).flatMap(([path, text]) => {
    if (DOCUMENT.test(path)) return Array.from(text.matchAll(LISTING), ([, listing = '']) => listing)
    return /^examples\/[^/]+\.ts$/.test(path) ? [text] : []
  })
  return new Set(programs.flatMap((program) => program.match(/\w+/g) ?? []))
}

/** Whether an example shows one of the exports of a source. */
function isShown({ program, comments }: Source, shown: ReadonlySet<string>): boolean {
  if (comments.some(({ type, value }) => type === 'Block' && EXAMPLE.test(value))) return true
  return program.body.some((node) => {
    if (node.type !== 'ExportNamedDeclaration') return false
    return valuesOf(node).some((name) => shown.has(name))
  })
}

function valuesOf({ declaration }: ExportNamedDeclaration): readonly string[] {
  if (declaration?.type === 'VariableDeclaration')
    return declaration.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []))
  if (declaration?.type !== 'ClassDeclaration' && declaration?.type !== 'FunctionDeclaration') return []
  return declaration.id === null ? [] : [declaration.id.name]
}

/** A value that an entry exports. */
interface ExportedValue {
  readonly name: string
  /** The file that declares it. */
  readonly home: string
  readonly at: ExportSpecifier
}

function exportedValues({ path, program }: Source): readonly ExportedValue[] {
  return program.body.flatMap((node) => {
    if (node.type !== 'ExportNamedDeclaration' || node.source === null || node.exportKind === 'type')
      return []
    const home = join(dirname(path), node.source.value)
    return node.specifiers.flatMap((at) => {
      const name = 'name' in at.exported ? at.exported.name : at.exported.value
      return at.exportKind === 'type' ? [] : [{ name, home, at }]
    })
  })
}

function isError(name: string, home: string): boolean {
  return name.endsWith('Error') || home.endsWith('/errors.ts')
}

function isForUsers(specifier: string | undefined): boolean {
  return specifier !== undefined && !PARTS.test(specifier)
}

const DOCUMENT = /^(?:README|docs\/.*|packages\/\w+\/README)\.md$/
const LISTING = /^```(?:ts|js)\n([^]*?)^```$/gm
/** The tag, or lines of code, which are indented. */
const EXAMPLE = /^ *\*(?: @example$| {5}\S)/m
/** Entries with the parts from which the packages are built. Their tests are their examples. */
const PARTS = /\/(?:bytes|checks|client|options|reactor)$/
/** What a program receives from something that has an example, and does not construct. */
const BELONGS_TO: Readonly<Record<string, string>> = {
  AllowedHosts: 'Site',
  CloseEvent: 'WebSocket',
  DEFAULT_WEBSOCKET_LIMITS: 'MessageReader',
  ErrorEvent: 'WebSocket',
  FAULT_KINDS: 'simulateAll',
  IncomingRequest: 'Request',
  ReadableBody: 'Request',
  ReceivedResponse: 'requestFrom',
  SimulationFailed: 'simulateAll',
  describeFault: 'simulateAll',
  describeLeak: 'simulateAll',
  getChildForRequest: 'Resource',
  logConnection: 'LogEvent',
  nodeFileSystem: 'File',
  writeProxyV1: 'ProxyTransport',
}
