import type { SimulatedHost } from '../host/simulated-host.ts'
import { ProgramExited } from '../node-programs.ts'
import { runningHost } from '../run-loop.ts'
import { nodeHost } from './node-hosts.ts'

/**
 * Makes the run fail at an exception that nothing catches, such as an 'error' event without a listener, in place of
 * ending the process.
 *
 * @param failed Called with an exception of code outside of hosts.
 * @returns a function that ends it.
 */
export function catchExceptions(failed: (error: unknown) => void): () => void {
  if (process.hasUncaughtExceptionCaptureCallback()) return () => undefined
  process.setUncaughtExceptionCaptureCallback((error: unknown) => {
    const host = runningHost()
    if (host === undefined) failed(error)
    else uncaught(host, error)
  })
  return () => process.setUncaughtExceptionCaptureCallback(null)
}

/**
 * Makes `process.exit` in a host end that host's process.
 *
 * @returns a function that ends it.
 */
export function standInForExit(): () => void {
  const real = Object.getOwnPropertyDescriptor(process, 'exit') ?? {}
  const exit = process.exit.bind(process)
  process.exit = (code?: number | string | null): never => {
    const host = nodeHost()
    if (host === undefined) return exit(code)
    host.kill(`exits with ${code ?? process.exitCode ?? 0}`)
    throw new ProgramExited(code)
  }
  return () => void Object.defineProperty(process, 'exit', real)
}

function uncaught(host: SimulatedHost, error: unknown): void {
  host.execute(() => {
    throw error
  })
}
