import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

/** How a program ended, and what it wrote. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
  readonly errors: string
}

/**
 * Runs `source` in a process of its own, with `reactor`, `Factory`, `Protocol` and an `Echo` in scope.
 *
 * @param lineWritten Called with each line that it writes.
 * @param options Most descriptors that it may have. Default: those of this process.
 */
export async function runProgram(
  source: string,
  lineWritten: (line: string, child: ChildProcess) => unknown = () => undefined,
  { maxDescriptors }: { readonly maxDescriptors?: number } = {},
): Promise<Ended> {
  const node = [process.execPath, ...programArgs(source)]
  const limited = ['bash', '-c', `ulimit -n ${maxDescriptors} && exec "$0" "$@"`, ...node]
  const [command = '', ...args] = maxDescriptors === undefined ? node : limited
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  const [lines, errors]: [string[], Buffer[]] = [[], []]
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line)
    lineWritten(line, child)
  })
  child.stderr.on('data', (data: Buffer) => errors.push(data))
  await once(child, 'close')
  return {
    code: child.exitCode,
    signal: child.signalCode,
    output: lines.map((line) => `${line}\n`).join(''),
    errors: Buffer.concat(errors).toString(),
  }
}

/**
 * The arguments with which Node runs such a `source`, in the directory `ROOT`. A process that ends while V8 compiles
 * in the background can wait for ever from Node 24 on (nodejs/node#54918), so that the first compiler runs on the
 * main thread.
 */
export function programArgs(source: string): string[] {
  const program = `${PREAMBLE}${source}`.replaceAll(ENTRIES, BUNDLE)
  return ['--no-concurrent-sparkplug', '--input-type=module', '--eval', program]
}

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL('../../../..', import.meta.url))
/** Stands in a program for the bundle of all entries of @ropewalk/core. */
const ENTRIES = '@ropewalk/core'
const EVERY_ENTRY = ['index', 'endpoints', 'services', 'stream', 'tls', 'udp', 'process', 'log', 'time']
  .map((entry) => `export * from './${entry}.ts'\n`)
  .join('')
const BUNDLE = bundle()
const PREAMBLE = `
  import { Factory, Protocol, reactor, serverFromString } from '${ENTRIES}'
  class Echo extends Protocol { dataReceived(data) { this.transport.write(data) } }
`

/**
 * Bundles @ropewalk/core into one file and returns its path from the root.
 *
 * A program starts in a sixth of the time that compiling a hundred sources takes.
 */
function bundle(): string {
  const path = './node_modules/.cache/ropewalk-core.mjs'
  const { outputFiles } = buildSync({
    stdin: { contents: EVERY_ENTRY, resolveDir: `${ROOT}packages/core/src` },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: `node${process.versions.node}`,
    write: false,
  })
  // Renamed into place: other workers write and run the same file.
  const written = `${ROOT}${path}.${process.pid}`
  mkdirSync(dirname(written), { recursive: true })
  writeFileSync(written, outputFiles[0]?.contents ?? '')
  renameSync(written, `${ROOT}${path}`)
  return path
}
