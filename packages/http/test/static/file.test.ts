import { describe, expect, test } from 'vitest'
import { type FileOptions } from '../../src/static/file-options.ts'
import { File } from '../../src/static/file.ts'
import { notFound } from '../../src/site/pages.ts'
import { Resource } from '../../src/site/resource.ts'
import { FakeFiles, MODIFIED_MS } from './fake-files.ts'
import { get, serve, serveResource } from './file-exchange.ts'

const DIGITS = '0123456789'
const CHANGED = 'Thu, 01 Jan 1970 00:16:40 GMT'

/** A site with files, directories, links and devices. */
function site(): FakeFiles {
  const files = new FakeFiles({
    '/srv/a.txt': DIGITS,
    '/srv/empty.txt': '',
    '/srv/unknown': 'x',
    '/srv/sub/index.html': '<p>index',
    '/srv/sub/a b/ü.txt': 'deep',
    '/srv/.git/config': 'secret',
    '/srv/.well-known/acme': 'token',
    '/srv/none/a.txt': 'x',
    '/srvx/a.txt': 'beside the root',
    '/etc/passwd': 'secret',
  })
  files.link('/srv/in.txt', '/srv/a.txt')
  files.link('/srv/out.txt', '/etc/passwd')
  files.link('/srv/out', '/etc')
  files.link('/srv/beside', '/srvx')
  files.link('/srv/loop', '/srv/loop')
  files.link('/srv/dangling', '/srv/gone')
  files.putOther('/srv/fifo')
  return files
}

describe('File', () => {
  test('sends a file with its type, length and validators', async () => {
    const { status, fields, body } = await get(serve(site()), '/a.txt')
    expect([status, body]).toEqual([200, DIGITS])
    expect(Object.fromEntries(fields)).toEqual({
      'accept-ranges': 'bytes',
      'content-length': '10',
      'content-type': 'text/plain; charset=utf-8',
      etag: expect.stringMatching(/^"[0-9a-z]+-[0-9a-z]+"$/),
      'last-modified': CHANGED,
    })
  })

  test('sends the same head for HEAD, and reads nothing', async () => {
    const files = site()
    const whole = await get(serve(files), '/a.txt')
    const before = files.totalRead
    const head = await get(serve(files), '/a.txt', ['Range: bytes=0-1'], 'HEAD')
    expect([head.status, head.body]).toEqual([200, ''])
    expect(head.fields).toEqual(whole.fields)
    expect(files.totalRead).toBe(before)
  })

  test('sends an empty file', async () => {
    const { status, fields, body } = await get(serve(site()), '/empty.txt')
    expect([status, fields.get('content-length'), body]).toEqual([200, '0', ''])
  })

  test.each(['POST', 'PUT', 'DELETE', 'PATCH'])('responds to %s with 405', async (method) => {
    const { status, fields } = await get(serve(site()), '/a.txt', ['Content-Length: 0'], method)
    expect([status, fields.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
  })

  test('decodes each segment of a path', async () => {
    expect((await get(serve(site()), '/sub/a%20b/%C3%BC.txt')).body).toBe('deep')
  })

  test.each([
    '/missing.txt',
    '/a.txt/',
    '/a.txt/b',
    '/sub/missing',
    '/none/',
    '/../etc/passwd',
    '/sub/../../etc/passwd',
    '/sub/../a.txt',
    '/%2e%2e/etc/passwd',
    '/..%2fetc%2fpasswd',
    '/sub%2findex.html',
    '/..%5cetc',
    '/sub%5cindex.html',
    '/a%00.txt',
    '/a.txt%00.html',
    '/.git/config',
    '/.git/',
    '/.',
    '/./a.txt',
    '//a.txt',
    '/sub//index.html',
    '/out.txt',
    '/out/passwd',
    '/out/',
    '/out',
    '/beside/a.txt',
    '/beside',
    '/loop',
    '/dangling',
    '/fifo',
    '/fifo/',
  ])('responds to %s with 404', async (target) => {
    const files = site()
    expect((await get(serve(files), target)).status).toBe(404)
    expect(files.totalRead).toBe(0)
  })

  test('responds to a path that is not UTF-8 with 400', async () => {
    expect((await get(serve(site()), '/%ff')).status).toBe(400)
  })

  test('follows a link inside the root, and a root that is a link', async () => {
    const files = site()
    expect((await get(serve(files), '/in.txt')).body).toBe(DIGITS)
    files.link('/current', '/srv')
    const exchange = serveResource(new File('/current', { fileSystem: files }))
    expect((await get(exchange, '/a.txt')).body).toBe(DIGITS)
    files.put('/next/a.txt', 'next')
    files.link('/current', '/next')
    expect((await get(exchange, '/a.txt')).body).toBe('next')
  })

  test('serves the names of dotfiles that are given', async () => {
    const exchange = serve(site(), { dotfiles: ['.well-known'] })
    expect((await get(exchange, '/.well-known/acme')).body).toBe('token')
    expect((await get(exchange, '/.git/config')).status).toBe(404)
  })

  test('serves everything below the root of the file system', async () => {
    const exchange = serveResource(new File('/', { fileSystem: site() }))
    expect((await get(exchange, '/srv/a.txt')).body).toBe(DIGITS)
    expect((await get(exchange, '/srv')).fields.get('location')).toBe('/srv/')
  })

  test('serves one file', async () => {
    const root = new Resource()
    root.putChild('one', new File('/srv/a.txt', { fileSystem: site() }))
    const exchange = serveResource(root)
    expect((await get(exchange, '/one')).fields.get('content-type')).toBe('text/plain; charset=utf-8')
    for (const target of ['/one/', '/one/a.txt']) expect((await get(exchange, target)).status).toBe(404)
  })

  test('prefers a child that was put', async () => {
    class Hello extends Resource {
      override render_GET() {
        return 'hello'
      }
    }
    const root = new File('/srv', { fileSystem: site() })
    root.putChild('a.txt', new Hello())
    const exchange = serveResource(root)
    expect((await get(exchange, '/a.txt')).body).toBe('hello')
    expect((await get(exchange, '/in.txt')).body).toBe(DIGITS)
  })

  test('responds with childNotFound', async () => {
    const exchange = serve(site(), { childNotFound: notFound('Look elsewhere') })
    for (const target of ['/missing', '/../x', '/none/', '/out.txt']) {
      const { status, body } = await get(exchange, target)
      expect([status, body.includes('Look elsewhere')]).toEqual([404, true])
    }
  })

  test('logs once that the directory does not exist', async () => {
    const exchange = serveResource(new File('/nowhere', { fileSystem: site() }))
    for (const target of ['/', '/a.txt']) expect((await get(exchange, target)).status).toBe(404)
    const { logged } = exchange.reactor
    expect(logged.filter(({ level }) => level === 'warn')).toMatchObject([
      { text: 'File serves nothing: there is no {path}', fields: { path: '/nowhere' } },
    ])
    const right = serve(site())
    expect((await get(right, '/missing')).status).toBe(404)
    expect(right.reactor.logged.filter(({ level }) => level === 'warn')).toEqual([])
  })

  test('sends Cache-Control with a file, also in a 304', async () => {
    const fixed = serve(site(), { cacheControl: 'max-age=60' })
    const { fields } = await get(fixed, '/a.txt')
    expect(fields.get('cache-control')).toBe('max-age=60')
    const same = await get(fixed, '/a.txt', [`If-None-Match: ${fields.get('etag')}`])
    expect([same.status, same.fields.get('cache-control')]).toEqual([304, 'max-age=60'])
    const asked: string[] = []
    const chosen = serve(site(), {
      cacheControl: (path) => {
        asked.push(path)
        return path.startsWith('/sub/') ? 'immutable' : undefined
      },
    })
    expect((await get(chosen, '/sub/')).fields.get('cache-control')).toBe('immutable')
    expect((await get(chosen, '/a.txt')).fields.has('cache-control')).toBe(false)
    expect(asked).toEqual(['/sub/index.html', '/a.txt'])
  })
})

describe('File: directories', () => {
  test.each([
    ['/sub', '/sub/'],
    ['/sub?a=1&b=?', '/sub/?a=1&b=?'],
    ['/sub/a%20b', '/sub/a%20b/'],
    ['http://h/sub?a', '/sub/?a'],
  ])('redirects %s to %s', async (target, location) => {
    const { status, fields, body } = await get(serve(site()), target)
    expect([status, fields.get('location')]).toEqual([302, location])
    expect(body).toContain('<a href="')
  })

  test('never redirects to another host', async () => {
    class Anything extends Resource {
      override getChild() {
        return new File('/srv', { fileSystem: site() })
      }
    }
    const exchange = serveResource(new Anything())
    for (const start of ['//example.org', '/%5cexample.org', '//', '/\\example.org']) {
      const { fields } = await get(exchange, `${start}/sub`)
      const location = fields.get('location') ?? ''
      expect(new URL(location, 'http://h/').host).toBe('h')
    }
  })

  test('redirects the path of the File itself', async () => {
    const root = new Resource()
    root.putChild('files', new File('/srv/sub/', { fileSystem: site() }))
    const exchange = serveResource(root)
    expect((await get(exchange, '/files?x')).fields.get('location')).toBe('/files/?x')
    expect((await get(exchange, '/files/')).body).toBe('<p>index')
  })

  test('takes the first index that is a file', async () => {
    const files = site()
    files.mkdir('/srv/first')
    files.mkdir('/srv/first/index.html')
    files.put('/srv/first/index.htm', 'second')
    files.link('/srv/first/out.html', '/etc/passwd')
    const indexNames = ['missing', 'out.html', 'index.html', 'index.htm']
    expect((await get(serve(files, { indexNames }), '/first/')).body).toBe('second')
    expect((await get(serve(files, { indexNames: [] }), '/sub/')).status).toBe(404)
  })
})

describe('File: types', () => {
  const typeOf = async (target: string, options: Partial<FileOptions>): Promise<string | undefined> => {
    const files = new FakeFiles({ '/srv/a.txt': '', '/srv/b': '', '/srv/c.foo': '', '/srv/d.txt.gz': 'gz' })
    return (await get(serve(files, options), target)).fields.get('content-type')
  }

  test('come from the table, from contentTypes, or are defaultType', async () => {
    expect(await typeOf('/b', {})).toBe('application/octet-stream')
    expect(await typeOf('/b', { defaultType: 'text/x-default' })).toBe('text/x-default; charset=utf-8')
    expect(await typeOf('/c.foo', { contentTypes: { '.foo': 'a/b' } })).toBe('a/b')
    expect(await typeOf('/a.txt', { charset: 'iso-8859-1' })).toBe('text/plain; charset=iso-8859-1')
    expect(await typeOf('/a.txt', { charset: '' })).toBe('text/plain')
  })

  test('of an extension in contentEncodings are those of the name without it', async () => {
    expect(await typeOf('/d.txt.gz', {})).toBe('application/gzip')
    const files = new FakeFiles({ '/srv/d.txt.gz': 'gz' })
    const { fields } = await get(serve(files, { contentEncodings: { '.gz': 'gzip' } }), '/d.txt.gz')
    expect([fields.get('content-type'), fields.get('content-encoding')]).toEqual([
      'text/plain; charset=utf-8',
      'gzip',
    ])
  })

  test('of a path without one of ignoredExts are those of the file', async () => {
    const files = new FakeFiles({ '/srv/about.html': 'about', '/srv/b': 'b', '/srv/b.html': 'other' })
    const exchange = serve(files, { ignoredExts: ['.htm', '.html'] })
    const { fields, body } = await get(exchange, '/about')
    expect([fields.get('content-type'), body]).toEqual(['text/html; charset=utf-8', 'about'])
    expect((await get(exchange, '/b')).body).toBe('b')
    expect((await get(exchange, '/c')).status).toBe(404)
  })
})

describe('File: conditional requests', () => {
  test('get a 304 without what describes a body', async () => {
    const exchange = serve(site())
    const etag = (await get(exchange, '/a.txt')).fields.get('etag') ?? ''
    for (const condition of [
      `If-None-Match: ${etag}`,
      `If-None-Match: W/${etag}`,
      'If-None-Match: *',
      `If-Modified-Since: ${CHANGED}`,
    ]) {
      const { status, fields, body } = await get(exchange, '/a.txt', [condition])
      expect([status, body]).toEqual([304, ''])
      expect(Object.fromEntries(fields)).toEqual({
        'accept-ranges': 'bytes',
        etag,
        'last-modified': CHANGED,
      })
    }
    const head = await get(exchange, '/a.txt', [`If-None-Match: ${etag}`], 'HEAD')
    expect(head.status).toBe(304)
  })

  test('get the file when it has changed, and a 412 when it must not have', async () => {
    const exchange = serve(site())
    const before = 'Thu, 01 Jan 1970 00:16:39 GMT'
    expect((await get(exchange, '/a.txt', [`If-Modified-Since: ${before}`])).body).toBe(DIGITS)
    expect((await get(exchange, '/a.txt', [`If-Unmodified-Since: ${before}`])).status).toBe(412)
    expect((await get(exchange, '/a.txt', ['If-Match: "other"'])).status).toBe(412)
    expect((await get(exchange, '/a.txt', ['If-Match: *'])).body).toBe(DIGITS)
  })

  test('get another ETag for another size, time or coding', async () => {
    const files = site()
    const exchange = serve(files, { precompressed: ['gzip'] })
    const etag = async (...lines: string[]): Promise<string | undefined> =>
      (await get(exchange, '/a.txt', lines)).fields.get('etag')
    const tags = [await etag()]
    files.put('/srv/a.txt.gz', DIGITS)
    tags.push(await etag('Accept-Encoding: gzip'))
    files.put('/srv/a.txt', 'longer than that')
    tags.push(await etag())
    files.put('/srv/a.txt', DIGITS, MODIFIED_MS + 0.25)
    tags.push(await etag())
    expect(new Set(tags).size).toBe(4)
    expect((await get(serve(files, { etag: false }), '/a.txt')).fields.has('etag')).toBe(false)
  })

  test.each([
    [0, true],
    [99.5, true],
    [101, false],
    [1000, true],
    [2000, false],
    [-5000, true],
  ])('get for a file that was changed %i ms ago a weak ETag: %s', async (ageMs, isWeak) => {
    const files = site()
    const exchange = serve(files)
    const nowMs = exchange.reactor.wallClock()
    files.put('/srv/a.txt', DIGITS, nowMs - ageMs)
    const { fields } = await get(exchange, '/a.txt')
    expect(fields.get('etag')?.startsWith('W/')).toBe(isWeak)
    expect(Date.parse(fields.get('last-modified') ?? '')).toBeLessThanOrEqual(nowMs)
  })
})

describe('File: ranges', () => {
  test('are sent as 206', async () => {
    const { status, fields, body } = await get(serve(site()), '/a.txt', ['Range: bytes=2-4'])
    expect([status, body]).toEqual([206, '234'])
    expect([fields.get('content-range'), fields.get('content-length')]).toEqual(['bytes 2-4/10', '3'])
    expect(fields.get('etag')).toBeDefined()
  })

  test('several are sent as parts, of the announced length', async () => {
    const files = new FakeFiles({ '/srv/a.txt': DIGITS.repeat(30) })
    const { status, fields, body } = await get(serve(files), '/a.txt', ['Range: bytes=0-1,-1'])
    const boundary = /^multipart\/byteranges; boundary=([0-9a-f]{32})$/.exec(
      fields.get('content-type') ?? '',
    )?.[1]
    const head = (range: string): string =>
      `\r\n--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes ${range}/300\r\n\r\n`
    expect(status).toBe(206)
    expect(body).toBe(`${head('0-1')}01${head('299-299')}9\r\n--${boundary}--\r\n`)
    expect(fields.get('content-length')).toBe(String(body.length))
    expect(fields.has('content-range')).toBe(false)
  })

  test('are refused with 416 when they have no byte', async () => {
    const { status, fields } = await get(serve(site()), '/a.txt', ['Range: bytes=10-'])
    expect([status, fields.get('content-range')]).toEqual([416, 'bytes */10'])
  })

  test.each([['bytes=5-2'], ['x'], [`bytes=${'0-0,5-5,'.repeat(500)}`], ['bytes=0-0\r\nRange: bytes=1-1']])(
    'that are malformed, too many or sent twice get the whole: %.20s',
    async (value) => {
      const { status, body } = await get(serve(site()), '/a.txt', [`Range: ${value}`])
      expect([status, body]).toEqual([200, DIGITS])
    },
  )

  test('apply only if If-Range matches', async () => {
    const exchange = serve(site())
    const etag = (await get(exchange, '/a.txt')).fields.get('etag')
    const ask = async (value: string): Promise<number> =>
      (await get(exchange, '/a.txt', ['Range: bytes=0-1', `If-Range: ${value}`])).status
    expect(await ask(`${etag}`)).toBe(206)
    expect(await ask(CHANGED)).toBe(206)
    expect(await ask('"other"')).toBe(200)
    expect(await ask(`W/${etag}`)).toBe(200)
    expect(await ask('Thu, 01 Jan 1970 00:16:41 GMT')).toBe(200)
  })
})

describe('File: precompressed', () => {
  const compressed = (): FakeFiles =>
    new FakeFiles({
      '/srv/a.js': 'plain',
      '/srv/a.js.br': 'br!',
      '/srv/a.js.gz': 'gzip',
      '/srv/b.js': 'only',
    })

  const ask = async (files: FakeFiles, target: string, ...lines: string[]): Promise<string> => {
    const exchange = serve(files, { precompressed: ['br', 'zstd', 'gzip'] })
    const { fields, body } = await get(exchange, target, lines)
    expect(fields.get('vary')).toBe('Accept-Encoding')
    expect(fields.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(fields.get('content-length')).toBe(String(body.length))
    return `${body} ${fields.get('content-encoding') ?? ''}`
  }

  test('sends the copy that the client prefers', async () => {
    const files = compressed()
    expect(await ask(files, '/a.js', 'Accept-Encoding: gzip, br, zstd')).toBe('br! br')
    expect(await ask(files, '/a.js', 'Accept-Encoding: gzip')).toBe('gzip gzip')
    expect(await ask(files, '/a.js', 'Accept-Encoding: br;q=0.1, gzip')).toBe('gzip gzip')
    expect(await ask(files, '/a.js', 'Accept-Encoding: zstd')).toBe('plain ')
    expect(await ask(files, '/a.js', 'Accept-Encoding: identity')).toBe('plain ')
    expect(await ask(files, '/a.js')).toBe('plain ')
    expect(await ask(files, '/b.js', 'Accept-Encoding: br')).toBe('only ')
  })

  test('sends ranges of the copy, and the whole for several', async () => {
    const files = compressed()
    const exchange = serve(files, { precompressed: ['gzip'] })
    const one = await get(exchange, '/a.js', ['Accept-Encoding: gzip', 'Range: bytes=1-'])
    expect([one.status, one.body, one.fields.get('content-encoding')]).toEqual([206, 'zip', 'gzip'])
    const several = await get(exchange, '/a.js', ['Accept-Encoding: gzip', 'Range: bytes=0-0,3-3'])
    expect([several.status, several.body]).toEqual([200, 'gzip'])
  })

  test('does not send a copy that is older, leads out, or is not a file', async () => {
    const files = compressed()
    files.put('/srv/a.js', 'newer', MODIFIED_MS + 1000)
    expect(await ask(files, '/a.js', 'Accept-Encoding: br')).toBe('newer ')
    files.put('/srv/a.js', 'plain', MODIFIED_MS + 900)
    expect(await ask(files, '/a.js', 'Accept-Encoding: br')).toBe('br! br')
    files.put('/etc/passwd', 'secret')
    files.link('/srv/a.js.br', '/etc/passwd')
    files.remove('/srv/a.js.gz')
    files.mkdir('/srv/a.js.gz')
    expect(await ask(files, '/a.js', 'Accept-Encoding: br, gzip')).toBe('plain ')
  })

  test('has its own validators, and a 304 with Vary', async () => {
    const exchange = serve(compressed(), { precompressed: ['gzip'] })
    const plain = (await get(exchange, '/a.js')).fields.get('etag')
    const gzip = (await get(exchange, '/a.js', ['Accept-Encoding: gzip'])).fields.get('etag')
    expect(plain).not.toBe(gzip)
    const same = await get(exchange, '/a.js', ['Accept-Encoding: gzip', `If-None-Match: ${gzip}`])
    expect([same.status, same.fields.get('vary')]).toEqual([304, 'Accept-Encoding'])
    expect(same.fields.has('content-encoding')).toBe(false)
    const other = await get(exchange, '/a.js', ['Accept-Encoding: gzip', `If-None-Match: ${plain}`])
    expect(other.status).toBe(200)
  })
})
