import { lineAt, type Repository, type Violation } from '../repository.ts'

/** Finds references of the documents to files that do not exist, and in the coverage of the RFCs to tests that do not. */
export function documentReferences(repository: Repository): readonly Violation[] {
  const documents = Array.from(repository.files).filter(([path]) => /^(?:docs\/.*|[A-Z]+)\.md$/.test(path))
  const tests = repository.tests.map(({ text }) => text).join('\n')
  return documents.flatMap(([path, text]) => {
    const lost = found(path, text, /`([\w./-]+\/[\w.-]+\.ts)`/g, ([, file = '']) =>
      hasFile(repository, file) ? undefined : missing(file),
    )
    if (!path.endsWith('rfc-coverage.md')) return lost
    return lost.concat(
      found(path, text, /(?<=\|[^|\n]*)"([^"\n]+)"/g, ([, title = '']) =>
        tests.includes(title) ? undefined : missing(title),
      ),
    )
  })
}

function missing(reference: string): Finding {
  return [`refers to ${reference}, which does not exist`, 'correct the reference']
}

/** A document may leave out the beginning of a path. */
function hasFile(repository: Repository, file: string): boolean {
  const [first = '', ...rest] = file.split('/')
  const inPackage = `packages/${first}/src/${rest.slice(rest[0] === 'src' ? 1 : 0).join('/')}`
  return (
    repository.files.has(inPackage) ||
    Array.from(repository.files.keys()).some((path) => path.endsWith(`/${file}`) || path === file)
  )
}

/**
 * Finds commands that would fail in a fresh clone: of scripts and files that do not exist, and of tools that
 * need an installation. Commands are read in the documents and in the first comment of a program.
 */
export function documentedCommands(repository: Repository): readonly Violation[] {
  return Array.from(repository.files).flatMap(([path, text]) => {
    const shown = textWithCommands(path, text)
    return withoutInstallation(path, shown).concat(
      lostScripts(repository, path, shown),
      lostFiles(repository, path, shown),
    )
  })
}

function textWithCommands(path: string, text: string): string {
  // A block for the reader's own project has what that project installs.
  if (path.endsWith('.md'))
    return text.replaceAll(/^```sh project[^]*?^```$/gm, (block) => block.replaceAll(/./g, ' '))
  return PROGRAM.test(path) ? (/^(?:\/\/.*(?:\n|$))+/.exec(text)?.[0] ?? '') : ''
}

/** `npx` runs only tools that are installed. A line that begins with ROPEWALK_SEED is for the reader's own project. */
function withoutInstallation(path: string, text: string): readonly Violation[] {
  return found(path, text, /(?<!ROPEWALK_(?:SEED|FAULTS)=\S+ )\bnpx (\w+)/g, ([, tool = '']) => [
    `runs npx ${tool}, which a fresh clone has not installed`,
    'use a script of package.json: it installs first',
  ])
}

function lostScripts(repository: Repository, path: string, text: string): readonly Violation[] {
  return found(path, text, SCRIPT, (match) => {
    const { named, short = '', prefix } = match.groups ?? {}
    const name = named ?? short
    const manifest = prefix === undefined ? 'package.json' : `${prefix}/package.json`
    const scripts = scriptsOf(repository, manifest)
    if (scripts[name] === undefined)
      return [`runs the script ${name}, which ${manifest} does not have`, 'name an existing script']
    if (!(scripts[`pre${name}`] ?? scripts[name]).includes('bootstrap') && name !== 'pnpm')
      return [`runs the script ${name}, which installs nothing`, `add pre${name} to ${manifest}`]
    return undefined
  })
}

function lostFiles(repository: Repository, path: string, text: string): readonly Violation[] {
  return found(path, text, /\b(?:bash|npm run example) ([\w./-]+)/g, ([, file = '']) => {
    const name = file.split('/').at(-1)
    // The reader saves a program that the page itself shows.
    const exists = repository.files.has(file) || text.includes(`\n// ${name}\n`)
    return exists ? undefined : [`runs ${file}, which does not exist`, 'name an existing file']
  })
}

function scriptsOf(repository: Repository, manifest: string): Readonly<Record<string, string>> {
  const { scripts = {} } = JSON.parse(repository.files.get(manifest) ?? '{}') as {
    readonly scripts?: Readonly<Record<string, string>>
  }
  return scripts
}

type Finding = readonly [what: string, remedy: string]

function found(
  path: string,
  text: string,
  pattern: RegExp,
  judge: (match: RegExpMatchArray) => Finding | undefined,
): readonly Violation[] {
  return Array.from(text.matchAll(pattern)).flatMap((match) => {
    const finding = judge(match)
    if (finding === undefined) return []
    return [{ path, line: lineAt(text, match.index), what: finding[0], remedy: finding[1] }]
  })
}

const PROGRAM = /^(?:examples|packages\/[^/]+\/bench)\/[^/]+\.ts$/
const SCRIPT =
  /\bnpm (?:run (?:-s |--silent )?(?<named>[\w:-]+)|(?<short>start|test)\b)(?: --prefix (?<prefix>[\w/-]+))?/g
