import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { programArgs, ROOT } from './run-program.ts'

/** How a program ended when its output was read late or not at all. */
export interface UnreadEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** How many bytes of its standard output were read. */
  readonly bytes: number
  readonly errors: string
}

/**
 * Runs `source` as `runProgram` does. Its standard output is read only once `errorsWritten` has returned true
 * for its standard error so far.
 */
export async function runUnread(
  source: string,
  errorsWritten: (errors: string, kill: (signal: NodeJS.Signals) => void) => boolean,
): Promise<UnreadEnd> {
  const child = spawn(process.execPath, programArgs(source), { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] })
  let [bytes, errors, reading] = [0, '', false]
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
    if (reading || !errorsWritten(errors, (signal) => child.kill(signal))) return
    reading = true
    child.stdout.on('data', (data: Buffer) => (bytes += data.length))
  })
  const ended = once(child, 'close')
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  child.stdin.destroy()
  if (!reading) child.stdout.destroy()
  await ended
  return { code, signal, bytes, errors }
}
