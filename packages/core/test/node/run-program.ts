import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

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

/** The arguments with which Node runs such a `source`, in the directory `ROOT`. */
export function programArgs(source: string): string[] {
  return [...TYPESCRIPT, '--input-type=module', '--eval', `${PREAMBLE}${source}`]
}

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL('../../../..', import.meta.url))
const PREAMBLE = `
  import { Factory, Protocol, reactor, serverFromString } from './packages/core/src/index.ts'
  class Echo extends Protocol { dataReceived(data) { this.transport.write(data) } }
`

/** The arguments with which Node runs TypeScript; empty from 22.18 on. */
const TYPESCRIPT: readonly string[] = 'typescript' in process.features ? [] : ['--import', 'tsx']
