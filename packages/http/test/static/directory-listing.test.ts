import { describe, expect, test } from 'vitest'
import type { ListedDirectory } from '../../src/static/listing-page.ts'
import { FakeFiles } from './fake-files.ts'
import { get, serve } from './file-exchange.ts'

function site(): FakeFiles {
  const files = new FakeFiles({
    '/srv/b.txt': 'x'.repeat(1500),
    '/srv/a.txt': '',
    '/srv/z/inside': '',
    '/srv/.git/config': 'secret',
    '/etc/passwd': 'secret',
    '/srv/back\\slash': '',
  })
  files.link('/srv/in.txt', '/srv/b.txt')
  files.link('/srv/out.txt', '/etc/passwd')
  files.link('/srv/dangling', '/srv/gone')
  files.putOther('/srv/fifo')
  return files
}

/** Lists `/srv` with a template that keeps what it is called with. */
async function list(files: FakeFiles, maxListedNames = 1000): Promise<ListedDirectory> {
  const listed: ListedDirectory[] = []
  const directoryListing = (directory: ListedDirectory): string => {
    listed.push(directory)
    return 'listed'
  }
  const { body, fields } = await get(serve(files, { directoryListing, maxListedNames }), '/')
  expect([body, fields.get('content-type')]).toEqual(['listed', 'text/html; charset=utf-8'])
  const [directory] = listed
  if (directory === undefined) throw new Error('Cannot test a listing that was not made')
  return directory
}

describe('a listing', () => {
  test('is off by default', async () => {
    expect((await get(serve(site()), '/')).status).toBe(404)
  })

  test('has what can be requested, directories first', async () => {
    const { path, entries, cut } = await list(site())
    expect([path, cut]).toEqual(['/', false])
    expect(entries.map(({ name, type, bytes }) => [name, type, bytes])).toEqual([
      ['z', undefined, 0],
      ['a.txt', 'text/plain', 0],
      ['b.txt', 'text/plain', 1500],
      ['in.txt', 'text/plain', 1500],
    ])
  })

  test('gives way to an index', async () => {
    const files = site()
    files.put('/srv/index.html', 'index')
    expect((await get(serve(files, { directoryListing: true }), '/')).body).toBe('index')
  })

  test('has at most maxListedNames names', async () => {
    const files = new FakeFiles()
    for (let at = 0; at < 40; at++) files.put(`/srv/${at}`, '')
    expect((await list(files, 40)).cut).toBe(false)
    const { entries, cut } = await list(files, 39)
    expect([entries.length, cut]).toEqual([39, true])
    const { body } = await get(serve(files, { directoryListing: true, maxListedNames: 39 }), '/')
    expect(body).toContain('Only 39 names are listed.')
  })

  test('leaves out what goes away, or may not be read, meanwhile', async () => {
    const files = site()
    files.fail('stat', '', 'ENOENT', 'EACCES')
    expect((await list(files)).entries).toHaveLength(2)
  })

  test.each([
    ['readdir', 'ENOENT', 404],
    ['readdir', 'EMFILE', 503],
    ['readdir', 'EACCES', 403],
    ['readdir', 'EIO', 500],
  ] as const)('that fails in %s with %s is a %i', async (call, code, status) => {
    const files = site()
    files.fail(call, code)
    const exchange = serve(files, { directoryListing: true })
    expect((await get(exchange, '/')).status).toBe(status)
    exchange.reactor.flushLoggedErrors(Error)
  })

  test('is not made of a directory outside, or of a file', async () => {
    const files = site()
    files.link('/srv/etc', '/etc')
    const exchange = serve(files, { directoryListing: true })
    expect((await get(exchange, '/etc/')).status).toBe(404)
    expect((await get(exchange, '/a.txt/')).status).toBe(404)
    expect((await get(exchange, '/.git/')).status).toBe(404)
    expect((await get(exchange, '/z/')).status).toBe(200)
  })

  test('has no body in response to HEAD', async () => {
    const { status, body } = await get(serve(site(), { directoryListing: true }), '/', [], 'HEAD')
    expect([status, body]).toEqual([200, ''])
  })
})
