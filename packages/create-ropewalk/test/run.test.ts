import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { run } from '../src/run.ts'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

const manifestIn = (folder: string | URL): Manifest =>
  JSON.parse(readFileSync(folder instanceof URL ? folder : join(folder, 'package.json'), 'utf8')) as Manifest
const own = manifestIn(new URL('../package.json', import.meta.url))
const root = manifestIn(new URL('../../../package.json', import.meta.url))
const TARBALLS = ['core', 'http', 'simulation', 'websocket'].map((name) => `ropewalk-${name}-0.1.0.tgz`)

let cwd = ''
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'create-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

describe('create-ropewalk', () => {
  test('writes a project with the name of its folder', () => {
    const { exitCode, output, errors } = run(['my-app'], cwd)
    expect([exitCode, errors]).toEqual([0, ''])
    expect(output).toBe(
      'Wrote 8 files of my-app. To run it:\n\n  cd my-app\n  npm install\n  npm test\n  npm start\n',
    )
    const files = readdirSync(join(cwd, 'my-app'), { recursive: true, withFileTypes: true })
    expect(files.filter((file) => file.isFile()).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['.gitignore', 'README.md', 'package.json', 'room.ts', 'room.test.ts']),
    )
    expect(manifestIn(join(cwd, 'my-app')).name).toBe('my-app')
    expect(readFileSync(join(cwd, 'my-app', 'README.md'), 'utf8')).toMatch(/^# my-app\n/)
  })

  test('has fewer than ten files', () => {
    const template = new URL('../template', import.meta.url)
    const files = readdirSync(template, { recursive: true, withFileTypes: true })
    expect(files.filter((file) => file.isFile() && !file.parentPath.includes('node_modules')).length).toBe(8)
  })

  test('depends on the packages of its own version', () => {
    run(['my-app'], cwd)
    const { dependencies, devDependencies } = manifestIn(join(cwd, 'my-app'))
    expect(dependencies['@ropewalk/core']).toBe(`^${own.version}`)
    expect(devDependencies['@ropewalk/simulation']).toBe(`^${own.version}`)
  })

  test('takes the other packages in the versions that this repository tests', () => {
    run(['my-app'], cwd)
    const { devDependencies } = manifestIn(join(cwd, 'my-app'))
    const others = Object.entries(devDependencies).filter(([name]) => !name.startsWith('@ropewalk/'))
    expect(others.length).toBeGreaterThan(3)
    for (const [name, range] of others) expect([name, range]).toEqual([name, root.devDependencies[name]])
  })

  test('takes another name, and writes into the current folder if it has nothing but .git', () => {
    mkdirSync(join(cwd, '.git'))
    const { exitCode, output } = run(['.', '--name', '@me/app'], cwd)
    expect([exitCode, output]).toEqual([
      0,
      'Wrote 8 files of @me/app. To run it:\n\n  npm install\n  npm test\n  npm start\n',
    ])
    expect(manifestIn(cwd).name).toBe('@me/app')
  })

  test('depends on the tarballs of a folder', () => {
    mkdirSync(join(cwd, 'tarballs'))
    for (const name of TARBALLS) writeFileSync(join(cwd, 'tarballs', name), '')
    expect(run(['my-app', '--packages', 'tarballs'], cwd).errors).toBe('')
    const { dependencies, devDependencies } = manifestIn(join(cwd, 'my-app'))
    expect(dependencies).toEqual({
      '@ropewalk/core': 'file:../tarballs/ropewalk-core-0.1.0.tgz',
      '@ropewalk/http': 'file:../tarballs/ropewalk-http-0.1.0.tgz',
      '@ropewalk/websocket': 'file:../tarballs/ropewalk-websocket-0.1.0.tgz',
    })
    expect(devDependencies['@ropewalk/simulation']).toBe('file:../tarballs/ropewalk-simulation-0.1.0.tgz')
  })

  test.each(['--help', '-h'])('prints a help for %s that fits a terminal of 80 x 24', (option) => {
    const { exitCode, output } = run([option], cwd)
    const lines = output.trimEnd().split('\n')
    expect(exitCode).toBe(0)
    expect(lines.length).toBeLessThan(24)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    for (const name of ['--name', '--packages', '--help']) expect(output).toContain(name)
  })
})

describe('create-ropewalk ends with 2, and writes nothing,', () => {
  test.each([
    [[], 'give a folder: npm create ropewalk my-app'],
    [['a', 'b'], 'give one folder, not 2'],
    [['a', '--nam', 'b'], "Unknown option '--nam'. The options are --name NAME, --packages DIR and --help"],
    [['a', '--name'], "Option '--name <value>' argument missing. The options are"],
    [['a', '--help=yes'], "Option '-h, --help' does not take an argument. The options are"],
    [['My App'], '"My App" cannot be the name of a package: give --name NAME, in lower case, such as my-app'],
    [['a', '--name', '../b'], '"../b" cannot be the name of a package'],
    [['a', '--name', ''], '"" cannot be the name of a package'],
    [['a', '--name', 'x'.repeat(215)], 'cannot be the name of a package'],
    [['node_modules'], '"node_modules" cannot be the name of a package'],
    [['a', '--packages', 'nowhere'], 'cannot read the folder '],
    [['a', '--packages', '.'], ' must have one ropewalk-core-VERSION.tgz, and has 0'],
  ])('for %j', (args, message) => {
    const { exitCode, output, errors } = run(args, cwd)
    expect([exitCode, output]).toEqual([2, ''])
    expect(errors).toMatch(/^create-ropewalk: .*\n$/)
    expect(errors).toContain(message)
    expect(readdirSync(cwd)).toEqual([])
  })

  test('for a folder that is not empty', () => {
    mkdirSync(join(cwd, 'my-app'))
    writeFileSync(join(cwd, 'my-app', 'notes.txt'), 'mine')
    const { exitCode, errors } = run(['my-app'], cwd)
    expect(exitCode).toBe(2)
    expect(errors).toBe(`create-ropewalk: ${join(cwd, 'my-app')} is not empty: it has notes.txt\n`)
    expect(readdirSync(join(cwd, 'my-app'))).toEqual(['notes.txt'])
  })

  test('for a file', () => {
    writeFileSync(join(cwd, 'my-app'), '')
    const { exitCode, errors } = run(['my-app'], cwd)
    expect([exitCode, errors]).toEqual([2, `create-ropewalk: ${join(cwd, 'my-app')} is not a folder\n`])
  })

  test('for a tarball that is there in two versions', () => {
    for (const name of [...TARBALLS, 'ropewalk-http-0.2.0.tgz']) writeFileSync(join(cwd, name), '')
    const { exitCode, errors } = run(['my-app', '--packages', '.'], cwd)
    expect(exitCode).toBe(2)
    expect(errors).toContain('must have one ropewalk-http-VERSION.tgz, and has 2')
  })
})
