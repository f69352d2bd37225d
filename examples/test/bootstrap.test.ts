import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const RECORD = 'node_modules/.installed-by-node'

/** Flags that make Node report another version. */
function pretending(version: string): readonly string[] {
  return [
    '--import',
    `data:text/javascript,Object.defineProperty(process, 'version', { value: '${version}' })`,
  ]
}

/** The environment of npm in a new account whose registry cannot be reached. */
function environment(home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: home,
    npm_config_cache: join(home, 'cache'),
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_fetch_retries: '0',
    npm_config_update_notifier: 'false',
    // As under `npm run --silent`.
    npm_config_loglevel: 'silent',
  }
}

describe('.ci/bootstrap.mjs', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bootstrap-'))
    for (const path of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', '.ci/bootstrap.mjs'])
      cpSync(join(root, path), join(folder, path))
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  function bootstrap(...flags: readonly string[]): { errors: string; output: string; status: number | null } {
    const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, '.ci/bootstrap.mjs'], {
      cwd: folder,
      encoding: 'utf8',
      env: environment(folder),
      timeout: 60_000,
    })
    return { errors: stderr, output: stdout, status }
  }

  function installedBy(version: string): void {
    mkdirSync(join(folder, 'node_modules/.pnpm'), { recursive: true })
    cpSync(join(folder, 'pnpm-lock.yaml'), join(folder, 'node_modules/.pnpm/lock.yaml'))
    writeFileSync(join(folder, RECORD), version)
  }

  test.each(['v14.21.3', 'v18.20.8', 'v20.18.3'])(
    'refuses Node %s before it does anything else',
    (version) => {
      expect(bootstrap(...pretending(version))).toEqual({
        errors: `Ropewalk needs Node >= 20.19; this is ${version}.\n`,
        output: '',
        status: 1,
      })
    },
  )

  test.each(['v20.19.0', 'v21.0.0', 'v22.3.0'])('accepts Node %s', (version) => {
    installedBy(version)
    expect(bootstrap(...pretending(version))).toEqual({ errors: '', output: '', status: 0 })
  })

  test('does nothing and prints nothing when this Node has installed the packages of the lock file', () => {
    installedBy(process.version)
    expect(bootstrap()).toEqual({ errors: '', output: '', status: 0 })
  })

  test.each([
    ['nothing is installed', () => {}],
    ['another version of Node has installed', () => installedBy('v20.18.3')],
    [
      'the lock file has changed',
      () => {
        installedBy(process.version)
        writeFileSync(join(folder, 'node_modules/.pnpm/lock.yaml'), 'lockfileVersion: 1')
      },
    ],
    [
      'the version of Node is not recorded',
      () => {
        installedBy(process.version)
        rmSync(join(folder, RECORD))
      },
    ],
  ])('installs when %s, and prints why the installation fails', (_case, arrange) => {
    arrange()
    const { errors, output, status } = bootstrap()
    expect(errors.split('\n')[0]).toMatch(/^Installing the development dependencies/)
    expect(errors).toContain('ECONNREFUSED')
    expect(errors).toMatch(/Cannot install the development dependencies: npx ended with \d+\./)
    expect([output, status]).toEqual(['', 1])
  })

  test('prints that npx is missing when it is not on the PATH', () => {
    const { stderr, status } = spawnSync(process.execPath, ['.ci/bootstrap.mjs'], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: folder },
    })
    expect(stderr).toContain('npx does not start (it comes with npm)')
    expect(status).toBe(1)
  })
})
