import { spawnSync } from 'node:child_process'
import type { Installation } from './installation.ts'

/** A server that is measured. */
export interface Server {
  /** As tables print it. */
  readonly name: string
  /** In `servers/`. */
  readonly file: string
  /** What runs the file. */
  readonly runtime: Runtime
  /** Arguments after the port. */
  readonly args?: readonly string[]
  /** What is set in its environment besides `NODE_ENV`. */
  readonly env?: Readonly<Record<string, string>>
}

/** A program that runs servers. */
type Runtime = 'node' | 'bun' | 'python' | 'nginx'

/**
 * The command that starts a server on a port.
 *
 * @returns undefined when its runtime, or a module that it needs, is not installed.
 */
export function commandOf(
  { file, runtime, args = [], env = {} }: Server,
  installation: Installation,
): ((port: number) => readonly string[]) | undefined {
  const program = programOf(runtime, file, installation)
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const prefix = settings.length === 0 ? [] : ['env', ...settings]
  return program && ((port) => [...prefix, ...program, installation.server(file), String(port), ...args])
}

/**
 * The environment of node:net beside a server that keeps its heap. Without it, plain node:net gives memory back to the
 * system and takes it again, in some processes with each message of 16 KiB and in others never;
 * docs/decisions/0011-keeping-the-heap.md.
 */
export const KEEPS_HEAP = { MALLOC_TRIM_THRESHOLD_: '134217728' } as const

function programOf(
  runtime: Runtime,
  file: string,
  installation: Installation,
): readonly string[] | undefined {
  if (runtime === 'node') return [process.execPath]
  if (runtime === 'bun') return whatRuns([[installation.module('bun/bin/bun.exe')]], ['--version'])
  // A script writes the configuration, and replaces itself by nginx.
  if (runtime === 'nginx') return whatRuns([['sh']], ['-c', FINDS_NGINX])
  const module = file.includes('autobahn') ? 'autobahn.twisted' : 'twisted.web'
  return whatRuns(PYTHONS, ['-c', `import ${module}`])
}

/** The first of the programs that succeeds with the arguments. */
function whatRuns(
  programs: readonly (readonly string[])[],
  args: readonly string[],
): readonly string[] | undefined {
  return programs.find(
    ([program = '', ...own]) => spawnSync(program, [...own, ...args], { stdio: 'ignore' }).status === 0,
  )
}

/** Debian installs nginx where a user's PATH does not lead. */
const FINDS_NGINX = 'PATH=$PATH:/usr/sbin; nginx -v'
/** Debian installs Twisted and Autobahn for its own Python, which need not be the first of PATH. */
const PYTHONS = [['/usr/bin/python3'], ['python3']]
