import type { Repository } from '../reading/repository.ts'
import { lineAt, type Violation } from '../reading/violation.ts'

/**
 * Finds commands that would fail in a fresh clone: of scripts and files that are not there, and of tools that
 * only an installation brings. Commands are read in the documents and in the first comment of a program.
 */
export function documentedCommands(repository: Repository): readonly Violation[] {
  return Array.from(repository.files).flatMap(([path, text]) => {
    const shown = shownTo(path, text)
    return withoutInstallation(path, shown).concat(
      lostScripts(repository, path, shown),
      lostFiles(repository, path, shown),
    )
  })
}

/** What of a file a reader takes commands from. */
function shownTo(path: string, text: string): string {
  if (path.endsWith('.md')) return text
  return PROGRAM.test(path) ? (/^(?:\/\/.*(?:\n|$))+/.exec(text)?.[0] ?? '') : ''
}

/** `npx` finds only what is installed, unless it prints the line for a project that has it. */
function withoutInstallation(path: string, text: string): readonly Violation[] {
  return found(path, text, /(?<!ROPEWALK_SEED=\S+ )\bnpx (\w+)/g, ([, tool = '']) => [
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
      return [`runs the script ${name}, which ${manifest} does not have`, 'name a script that is there']
    if (!(scripts[`pre${name}`] ?? scripts[name]).includes('bootstrap') && name !== 'pnpm')
      return [`runs the script ${name}, which installs nothing`, `add pre${name} to ${manifest}`]
    return undefined
  })
}

function lostFiles(repository: Repository, path: string, text: string): readonly Violation[] {
  return found(path, text, /\b(?:bash|npm run example) ([\w./-]+)/g, ([, file = '']) => {
    const name = file.split('/').at(-1)
    // A program that the page itself shows is put there by the reader.
    const isThere = repository.files.has(file) || text.includes(`\n// ${name}\n`)
    return isThere ? undefined : [`runs ${file}, which is not there`, 'name what there is']
  })
}

function scriptsOf(repository: Repository, manifest: string): Readonly<Record<string, string>> {
  const { scripts = {} } = JSON.parse(repository.files.get(manifest) ?? '{}') as {
    readonly scripts?: Readonly<Record<string, string>>
  }
  return scripts
}

function found(
  path: string,
  text: string,
  command: RegExp,
  judge: (match: RegExpMatchArray) => readonly [what: string, remedy: string] | undefined,
): readonly Violation[] {
  return Array.from(text.matchAll(command)).flatMap((match) => {
    const [what, remedy] = judge(match) ?? []
    if (what === undefined || remedy === undefined) return []
    return [{ path, line: lineAt(text, match.index), what, remedy }]
  })
}

const PROGRAM = /^(?:examples|packages\/[^/]+\/bench)\/[^/]+\.ts$/
const SCRIPT =
  /\bnpm (?:run (?:-s |--silent )?(?<named>[\w:-]+)|(?<short>start|test)\b)(?: --prefix (?<prefix>[\w/-]+))?/g
