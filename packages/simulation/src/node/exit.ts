import { ProgramExited } from '../node-programs.ts'
import { nodeHost } from './node-hosts.ts'

/**
 * Makes `process.exit` in a host end that host's process, and keeps `process.exitCode` of hosts from the process of
 * the test.
 *
 * @returns a function that ends it.
 */
export function standInForExit(): () => void {
  const real = Object.getOwnPropertyDescriptor(process, 'exit') ?? {}
  const exit = process.exit.bind(process)
  const { exitCode } = process
  process.exit = (code?: number | string | null): never => {
    const host = nodeHost()
    if (host === undefined) return exit(code)
    host.kill(`exits with ${code ?? process.exitCode ?? 0}`)
    throw new ProgramExited(code)
  }
  return () => {
    Object.defineProperty(process, 'exit', real)
    process.exitCode = exitCode
  }
}
