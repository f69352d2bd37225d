import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Where Chromium is installed, if it is. */
export const CHROMIUM = '/usr/bin/chromium'

/** Whether Chromium is installed. */
export const hasChromium: boolean = existsSync(CHROMIUM)

/** Whether curl is installed. */
export const hasCurl: boolean = isInstalled('curl')

if (!hasChromium) console.warn(`${CHROMIUM} is not installed: the tests that need it are skipped`)
if (!hasCurl) console.warn('curl is not installed: the tests that need it are skipped')

function isInstalled(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
