import { describe, expect, test } from 'vitest'
import { HTTPError } from '../../src/errors.ts'
import { ServedRoot } from '../../src/static/open-inside.ts'
import { FakeFiles } from './fake-files.ts'
import { get, serve } from './file-exchange.ts'

describe('ServedRoot', () => {
  test('checks what was opened, whatever the path leads to afterwards', async () => {
    const files = new FakeFiles({ '/srv/d/a.txt': 'inside', '/etc/a.txt': 'secret' })
    const root = new ServedRoot(files, '/srv', 0)
    const open = files.open.bind(files)
    // The path leads out while it is opened, and in again when it is checked.
    files.open = async (path) => {
      files.link('/srv/d', '/etc')
      const file = await open(path)
      files.mkdir('/srv/d')
      files.put('/srv/d/a.txt', 'inside')
      return file
    }
    expect(await root.open('/srv/d/a.txt', 0)).toBeUndefined()
    expect(files.openCount).toBe(0)
  })

  test('does not take a directory with a longer name for the root', async () => {
    const files = new FakeFiles({ '/srv/x': '', '/srvx/a': '' })
    const root = new ServedRoot(files, '/srv', 0)
    expect(await root.open('/srv/../srvx/a', 0).catch(() => undefined)).toBeUndefined()
    expect(await root.contains('/srvx/a')).toBe(false)
    expect(await root.contains('/srv')).toBe(true)
  })

  test('finds the root again when it is another directory now', async () => {
    const files = new FakeFiles({ '/one/a': '1', '/two/a': '2' })
    files.link('/current', '/one')
    const root = new ServedRoot(files, '/current', 0)
    await (await root.open('/current/a', 0))?.file.close()
    files.link('/current', '/two')
    const found = await root.open('/current/a', 0)
    expect(await found?.file.realpath()).toBe('/two/a')
    await found?.file.close()
  })
})

describe('an error of the file system', () => {
  test.each([
    ['open', 'ENOENT', 404],
    ['open', 'ENOTDIR', 404],
    ['open', 'ENAMETOOLONG', 404],
    ['open', 'ELOOP', 404],
    ['open', 'ENXIO', 404],
    ['open', 'EACCES', 403],
    ['open', 'EPERM', 403],
    ['open', 'EMFILE', 503],
    ['open', 'ENFILE', 503],
    ['open', 'ENOMEM', 503],
    ['open', 'EIO', 500],
    ['stat', 'EIO', 500],
    ['realpath', 'ENOENT', 404],
    ['realpath', 'EIO', 500],
    ['read', 'EIO', 500],
  ] as const)('of %s with %s becomes a %i', async (call, code, status) => {
    const files = new FakeFiles({ '/srv/a.txt': 'x' })
    files.fail(call, code)
    const exchange = serve(files)
    const response = await get(exchange, '/a.txt')
    expect(response.status).toBe(status)
    expect(response.fields.get('retry-after')).toBe(status === 503 ? '1' : undefined)
    expect(files.openCount).toBe(0)
    const logged = exchange.reactor.flushLoggedErrors(Error)
    expect(logged.length).toBe(status === 500 ? 1 : 0)
    expect((await get(exchange, '/a.txt')).status).toBe(200)
  })

  test('keeps its cause', async () => {
    const files = new FakeFiles()
    files.fail('open', 'EMFILE')
    const error: unknown = await new ServedRoot(files, '/srv', 0)
      .open('/srv/a', 0)
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(HTTPError)
    expect((error as HTTPError).cause).toMatchObject({ code: 'EMFILE' })
  })
})
