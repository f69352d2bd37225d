import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NodeFileSystem, nodeFileSystem } from '../../src/static/node-file-system.ts'
import { ServedRoot } from '../../src/static/open-inside.ts'

describe('nodeFileSystem', () => {
  let root = ''
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'files-')))
    writeFileSync(join(root, 'a.txt'), '0123456789')
  })
  afterEach(() => rmSync(root, { recursive: true }))

  /** Opens a file, and closes it after `use`. */
  async function withFile<T>(
    path: string,
    use: (file: Awaited<ReturnType<typeof nodeFileSystem.open>>) => Promise<T>,
  ): Promise<T> {
    const file = await nodeFileSystem.open(path)
    try {
      return await use(file)
    } finally {
      await file.close()
    }
  }

  test('reads bytes at a position, and 0 at the end', async () => {
    await withFile(join(root, 'a.txt'), async (file) => {
      const into = Buffer.alloc(4)
      expect([await file.read(into, 3), into.toString()]).toEqual([4, '3456'])
      expect(await file.read(into, 8)).toBe(2)
      expect(await file.read(into, 10)).toBe(0)
      expect(await file.read(into, 2 ** 40)).toBe(0)
    })
  })

  test('knows files, directories and devices', async () => {
    utimesSync(join(root, 'a.txt'), 1000, 1000.25)
    const facts = { kind: 'file', bytes: 10, modifiedMs: 1_000_250 }
    expect(await nodeFileSystem.stat(join(root, 'a.txt'))).toMatchObject(facts)
    expect(await withFile(join(root, 'a.txt'), (file) => file.stat())).toMatchObject(facts)
    expect(await withFile(root, async (file) => (await file.stat()).kind)).toBe('directory')
    expect(await withFile('/dev/null', async (file) => (await file.stat()).kind)).toBe('other')
  })

  test('knows the path of an open file, and its content, when another file has taken its place', async () => {
    mkdirSync(join(root, 'd'))
    writeFileSync(join(root, 'd', 'a.txt'), 'first')
    symlinkSync('d', join(root, 'link'))
    await withFile(join(root, 'link', 'a.txt'), async (file) => {
      expect(await file.realpath()).toBe(join(root, 'd', 'a.txt'))
      renameSync(join(root, 'd'), join(root, 'moved'))
      mkdirSync(join(root, 'd'))
      writeFileSync(join(root, 'd', 'a.txt'), 'second')
      expect(await file.realpath()).toBe(join(root, 'moved', 'a.txt'))
      const into = Buffer.alloc(6)
      await file.read(into, 0)
      expect(into.toString()).toBe('first\0')
    })
  })

  test('knows the path of an open file that was replaced or removed, whatever its name is', async () => {
    const odd = join(root, 'b (deleted)')
    writeFileSync(odd, '')
    expect(await withFile(odd, (file) => file.realpath())).toBe(odd)
    await withFile(join(root, 'a.txt'), async (file) => {
      writeFileSync(join(root, 'new'), 'new')
      renameSync(join(root, 'new'), join(root, 'a.txt'))
      expect(await file.realpath()).toBe(join(root, 'a.txt'))
      const served = new ServedRoot(nodeFileSystem, join(root, 'a.txt'), 0)
      expect(await served.contains(await file.realpath())).toBe(true)
    })
    await withFile(odd, async (file) => {
      rmSync(odd)
      expect(await file.realpath()).toBe(odd)
    })
  })

  test('compares the path with the open file where the system has no links to open files', async () => {
    const files = new NodeFileSystem(join(root, 'nowhere'))
    const path = join(root, 'a.txt')
    const file = await files.open(path)
    expect(await file.realpath()).toBe(path)
    const directory = await files.open(root)
    expect(await directory.readdir(10)).toEqual(['a.txt'])
    await directory.close()
    writeFileSync(join(root, 'b'), '')
    renameSync(join(root, 'b'), path)
    await expect(file.realpath()).rejects.toMatchObject({ code: 'ENOENT' })
    await file.close()
  })

  test('sees a file that is open grow and shrink', async () => {
    const path = join(root, 'a.txt')
    await withFile(path, async (file) => {
      appendFileSync(path, 'x')
      expect((await file.stat()).bytes).toBe(11)
      truncateSync(path, 3)
      expect(await file.read(Buffer.alloc(10), 3)).toBe(0)
      rmSync(path)
      expect(await file.read(Buffer.alloc(10), 0)).toBe(3)
    })
  })

  test('lists at most so many names', async () => {
    for (const name of ['b', 'c', '.d']) writeFileSync(join(root, name), '')
    await withFile(root, async (directory) => {
      expect((await directory.readdir(10)).toSorted()).toEqual(['.d', 'a.txt', 'b', 'c'])
      expect(await directory.readdir(2)).toHaveLength(2)
      expect(await directory.readdir(0)).toEqual([])
    })
    await expect(withFile(join(root, 'b'), (file) => file.readdir(1))).rejects.toMatchObject({
      code: 'ENOTDIR',
    })
  })

  test('rejects with the code of the system', async () => {
    await expect(nodeFileSystem.open(join(root, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(nodeFileSystem.open(join(root, 'a.txt', 'b'))).rejects.toMatchObject({ code: 'ENOTDIR' })
    await expect(nodeFileSystem.open(join(root, 'n'.repeat(300)))).rejects.toMatchObject({
      code: 'ENAMETOOLONG',
    })
    await expect(nodeFileSystem.realpath(join(root, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('closes its descriptors', async () => {
    const open = (): number => readdirSync('/proc/self/fd').length
    const before = open()
    for (let at = 0; at < 20; at++) {
      await withFile(root, (file) => file.readdir(1))
      await withFile(join(root, 'a.txt'), (file) => file.read(Buffer.alloc(1), 0))
    }
    expect(open()).toBeLessThanOrEqual(before)
  })
})

describe('ServedRoot over nodeFileSystem', () => {
  let root = ''
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'files-'))
    mkdirSync(join(root, 'public'))
    writeFileSync(join(root, 'secret.txt'), 'secret')
    writeFileSync(join(root, 'public', 'a.txt'), 'public')
  })
  afterEach(() => rmSync(root, { recursive: true }))

  test.each([
    ['with links to open files', nodeFileSystem, 0],
    ['without', new NodeFileSystem('/nowhere'), 0],
    ['with files in memory', nodeFileSystem, 10_000],
  ])(
    'never opens a file outside while a link is turned between inside and outside: %s',
    async (_what, files) => {
      const served = new ServedRoot(files, join(root, 'public'), 0)
      const at = (name: string): string => join(root, 'public', name)
      const turn = (target: string): void => {
        symlinkSync(target, at('next'))
        renameSync(at('next'), at('link'))
      }
      const read: string[] = []
      const reading = new AbortController()
      const reader = async (): Promise<void> => {
        for (let count = 0; count < 300; count++) {
          const found = await served.open(at('link'), Number.MAX_SAFE_INTEGER)
          if (found === undefined) continue
          const into = Buffer.alloc(6)
          await found.file.read(into, 0)
          await found.file.close()
          read.push(into.toString())
        }
        reading.abort()
      }
      const turner = async (): Promise<void> => {
        for (let count = 0; !reading.signal.aborted; count++) {
          turn(count % 2 === 0 ? 'a.txt' : '../secret.txt')
          await Promise.resolve()
          await nodeFileSystem.stat(root)
        }
      }
      await Promise.all([reader(), turner()])
      expect(read.length).toBeGreaterThan(0)
      expect(read.every((content) => content === 'public')).toBe(true)
    },
  )
})
