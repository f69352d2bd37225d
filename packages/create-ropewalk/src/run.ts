import { parseArgs } from 'node:util'
import { basename, relative, resolve } from 'node:path'
import { createProject, MistakenArgument } from './create-project.ts'

/** What the program prints, and the code with which it ends. */
export interface Outcome {
  /** 0, or 2 after a mistake in the arguments. */
  readonly exitCode: number
  /** For standard output. */
  readonly output: string
  /** For standard error. */
  readonly errors: string
}

/**
 * Makes a project as the command line asks for it, or returns the help.
 *
 * @param cwd The folder against which paths are resolved.
 * @throws {Error} when a file cannot be read or written.
 */
export function run(args: readonly string[], cwd: string): Outcome {
  try {
    return { exitCode: 0, output: outputOf(args, cwd), errors: '' }
  } catch (error) {
    if (!(error instanceof MistakenArgument)) throw error
    return { exitCode: 2, output: '', errors: `create-ropewalk: ${error.message}\n` }
  }
}

function outputOf(args: readonly string[], cwd: string): string {
  const { help, directory, name, packages } = parsed(args)
  if (help) return HELP
  if (directory === undefined) throw new MistakenArgument('give a folder: npm create ropewalk my-app')
  const folder = resolve(cwd, directory)
  const project = {
    folder,
    name: name ?? basename(folder),
    packages: packages === undefined ? undefined : resolve(cwd, packages),
  }
  const count = createProject(project)
  const path = relative(cwd, folder)
  const enter = path === '' ? '' : `  cd ${/^[\w./-]+$/.test(path) ? path : JSON.stringify(path)}\n`
  return `Wrote ${count} files of ${project.name}. To run it:\n\n${enter}  npm install\n  npm test\n  npm start\n`
}

interface Arguments {
  readonly help: boolean
  readonly directory: string | undefined
  readonly name: string | undefined
  readonly packages: string | undefined
}

function parsed(args: readonly string[]): Arguments {
  const { values, positionals } = parsedStrictly(args)
  const { help = false, name, packages } = values
  const [directory, ...more] = positionals
  if (more.length > 0) throw new MistakenArgument(`give one folder, not ${positionals.length}`)
  return { help, directory, name, packages }
}

function parsedStrictly(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        name: { type: 'string' },
        packages: { type: 'string' },
      },
    })
  } catch (error) {
    // The first sentence has the option; the rest is about arguments in general.
    const [what = ''] = error instanceof TypeError ? error.message.split(/\. |\n/) : []
    if (what === '') throw error
    throw new MistakenArgument(`${what}. The options are --name NAME, --packages DIR and --help`)
  }
}

const HELP = `Usage: npm create ropewalk DIRECTORY [-- OPTIONS]

Makes a project in DIRECTORY, which must be empty or not exist: a line protocol,
JSON and a WebSocket room on one reactor, with tests. It needs Node >= 20.19.

Options:
  --name NAME      the name in package.json (default: the name of the folder)
  --packages DIR   take the packages of Ropewalk from the tarballs in a folder
  -h, --help       print this help

Then, in the project:
  npm install
  npm test
  npm start
`
