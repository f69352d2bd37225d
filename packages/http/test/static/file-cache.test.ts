import { describe, expect, test } from 'vitest'
import { FileCache } from '../../src/static/file-cache.ts'
import { FakeFiles, MODIFIED_MS } from './fake-files.ts'
import { get, serve } from './file-exchange.ts'

const NOW_MS = MODIFIED_MS + 10_000

/** Reads a file of a cache as a request does; returns its content. */
async function read(cache: FileCache, path: string, nowMs = NOW_MS): Promise<string> {
  const file = await cache.open(path, nowMs)
  const { bytes } = await file.stat()
  await file.realpath()
  const into = Buffer.alloc(bytes)
  await file.read(into, 0)
  await file.close()
  return into.toString()
}

/** Reads a file twice; returns how often it was opened. */
async function opensOf(files: FakeFiles, cache: FileCache, path: string, nowMs?: number): Promise<number> {
  const before = files.opened.length
  await read(cache, path, nowMs)
  await read(cache, path, nowMs)
  return files.opened.length - before
}

describe('FileCache', () => {
  test('opens a file once while it is the same', async () => {
    const files = new FakeFiles({ '/a': 'one' })
    const cache = new FileCache(files, 10_000)
    expect(await opensOf(files, cache, '/a')).toBe(1)
    expect(await read(cache, '/a')).toBe('one')
    files.change('/a', 'two')
    expect(await read(cache, '/a')).toBe('two')
    files.put('/a', 'new')
    expect(await read(cache, '/a')).toBe('new')
    files.remove('/a')
    await expect(read(cache, '/a')).rejects.toMatchObject({ code: 'ENOENT' })
    files.put('/a', 'back')
    expect(await read(cache, '/a')).toBe('back')
  })

  test.each([
    ['size', (files: FakeFiles) => files.put('/a', 'more', MODIFIED_MS)],
    ['time', (files: FakeFiles) => files.put('/a', 'two', MODIFIED_MS + 1, MODIFIED_MS)],
    ['time of change', (files: FakeFiles) => files.put('/a', 'two', MODIFIED_MS, MODIFIED_MS + 1)],
    ['file', (files: FakeFiles) => files.put('/a', 'two')],
  ])('opens it again when it has another %s', async (_what, change) => {
    const files = new FakeFiles({ '/a': 'one' })
    const cache = new FileCache(files, 10_000)
    await read(cache, '/a')
    change(files)
    expect(await opensOf(files, cache, '/a')).toBe(1)
    expect(await read(cache, '/a')).not.toBe('one')
  })

  test('opens it again when the path leads to another place', async () => {
    const files = new FakeFiles({ '/a/file': 'one' })
    const cache = new FileCache(files, 10_000)
    await read(cache, '/a/file')
    files.move('/a', '/outside')
    files.link('/a', '/outside')
    const file = await cache.open('/a/file', NOW_MS)
    expect(await file.realpath()).toBe('/outside/file')
    expect(files.opened.length).toBe(2)
  })

  test('does not keep a file that was changed in the last 2 s, or will be', async () => {
    const files = new FakeFiles({ '/a': 'one' })
    const cache = new FileCache(files, 10_000)
    expect(await opensOf(files, cache, '/a', MODIFIED_MS - 5000)).toBe(2)
    expect(await opensOf(files, cache, '/a', MODIFIED_MS + 1999)).toBe(2)
    expect(await opensOf(files, cache, '/a', MODIFIED_MS + 2000)).toBe(1)
  })

  test('keeps files of up to 64 KiB', async () => {
    const files = new FakeFiles({ '/a': Buffer.alloc(65_536), '/b': Buffer.alloc(65_537) })
    const cache = new FileCache(files, 1_000_000)
    expect(await opensOf(files, cache, '/a')).toBe(1)
    expect(await opensOf(files, cache, '/b')).toBe(2)
  })

  test('drops the files that were not used for the longest time beyond its size', async () => {
    const files = new FakeFiles()
    for (const name of ['/a', '/b', '/c', '/d']) files.put(name, Buffer.alloc(1000))
    // Each entry counts 512 bytes more, and its path.
    const cache = new FileCache(files, 3 * 1520)
    for (const name of ['/a', '/b', '/c', '/a', '/d']) await read(cache, name)
    expect(files.opened).toEqual(['/a', '/b', '/c', '/d'])
    for (const name of ['/d', '/c', '/a']) await read(cache, name)
    expect(files.opened).toHaveLength(4)
    await read(cache, '/b')
    await read(cache, '/d')
    expect(files.opened.slice(4)).toEqual(['/b', '/d'])
  })

  test('keeps nothing with a size of 0, and no part of a file', async () => {
    const files = new FakeFiles({ '/a': 'one' })
    expect(await opensOf(files, new FileCache(files, 0), '/a')).toBe(2)
    const cache = new FileCache(files, 10_000)
    const file = await cache.open('/a', NOW_MS)
    await file.stat()
    await file.realpath()
    await file.read(Buffer.alloc(2), 0)
    await file.read(Buffer.alloc(2), 1)
    await file.read(Buffer.alloc(10), 0)
    await file.close()
    expect(await opensOf(files, cache, '/a')).toBe(1)
    expect(files.openCount).toBe(0)
  })

  test('serves concurrent requests', async () => {
    const files = new FakeFiles({ '/a': 'one' })
    const cache = new FileCache(files, 10_000)
    await read(cache, '/a')
    expect(await Promise.all(Array.from({ length: 50 }, () => read(cache, '/a')))).toEqual(
      Array.from({ length: 50 }, () => 'one'),
    )
    expect(files.opened).toHaveLength(1)
    files.change('/a', 'two')
    const reads = await Promise.all(Array.from({ length: 50 }, () => read(cache, '/a')))
    expect(new Set(reads)).toEqual(new Set(['two']))
  })
})

describe('a file in memory', () => {
  test('has the same head, ranges and conditions as from the file system', async () => {
    const files = new FakeFiles({ '/srv/a.txt': '0123456789' })
    const exchange = serve(files)
    const first = await get(exchange, '/a.txt')
    expect(await get(exchange, '/a.txt')).toEqual(first)
    expect((await get(exchange, '/a.txt', ['Range: bytes=-3'])).body).toBe('789')
    expect((await get(exchange, '/a.txt', ['Range: bytes=2-3'])).body).toBe('23')
    expect((await get(exchange, '/a.txt', [`If-None-Match: ${first.fields.get('etag')}`])).status).toBe(304)
    expect(files.opened).toHaveLength(1)
  })

  test('is not sent when its path leads out, or it may not be read', async () => {
    const files = new FakeFiles({ '/srv/a.txt': 'inside', '/etc/passwd': 'secret' })
    const exchange = serve(files)
    expect((await get(exchange, '/a.txt')).body).toBe('inside')
    files.fail('stat', 'EACCES')
    expect((await get(exchange, '/a.txt')).status).toBe(403)
    expect((await get(exchange, '/a.txt')).body).toBe('inside')
    files.link('/srv/a.txt', '/etc/passwd')
    expect((await get(exchange, '/a.txt')).status).toBe(404)
  })
})
