import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const CHROMIUM = '/usr/bin/chromium'
const CURL = '/usr/bin/curl'

/** Whether a program is installed. Warns that tests are skipped when it is not. */
export function isInstalled(path: string): boolean {
  if (existsSync(path)) return true
  console.warn(`${path} is not installed: the tests that need it are skipped`)
  return false
}

export const hasChromium: boolean = isInstalled(CHROMIUM)
export const hasCurl: boolean = isInstalled(CURL)

/** The certificate of the examples for localhost and loopback, with its key. */
export const CERTIFICATE_FILE: string = fileURLToPath(
  new URL('../certificates/localhost.cert.pem', import.meta.url),
)
export const KEY_FILE: string = CERTIFICATE_FILE.replace('.cert.', '.key.')

const run = promisify(execFile)

/** Calls curl, which trusts only the certificate of the examples; returns its standard output. */
export async function curl(...args: readonly string[]): Promise<string> {
  const common = ['-sS', '--max-time', '10', '--cacert', CERTIFICATE_FILE]
  const { stdout } = await run(CURL, [...common, ...args], { maxBuffer: 1 << 26 })
  return stdout
}
