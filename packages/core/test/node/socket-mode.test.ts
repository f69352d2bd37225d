import { mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { creatingPrivately } from '../../src/node/socket-mode.ts'

describe('creatingPrivately', () => {
  test('lets nobody else at what comes to be under it, and puts the umask back', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'))
    const modeOf = (name: string): number => statSync(join(folder, name)).mode & 0o777
    const create = (name: string) => () => writeFileSync(join(folder, name), '', { mode: 0o666 })
    create('before')()
    creatingPrivately(create('private'))
    create('after')()
    expect(modeOf('private')).toBe(0o600)
    expect(modeOf('after')).toBe(modeOf('before'))
  })

  test('puts the umask back when that fails', () => {
    const before = process.umask(0o022)
    const fail = (): never => {
      throw new Error('no file today')
    }
    expect(() => creatingPrivately(fail)).toThrow('no file today')
    expect(process.umask(before)).toBe(0o022)
  })
})
