import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { compressed } from '../../src/resources.ts'
import { NOT_DONE_YET, type Request, Resource, sendRanges, Site } from '../../src/index.ts'
import type { RenderResult } from '../../src/site/render-result.ts'
import { decoded, ended, get, parse } from '../response/coded-response.ts'
import { Exchange } from '../server/http-exchange.ts'

const TEXT = 'All work and no play makes Jack a dull boy. '.repeat(100)
const GZIP = 'Accept-Encoding: gzip\r\n'

class Page extends Resource {
  readonly #render: (request: Request) => RenderResult

  constructor(render: (request: Request) => RenderResult) {
    super()
    this.#render = render
  }

  override render_GET(request: Request): RenderResult {
    return this.#render(request)
  }
}

async function* pieces(): AsyncGenerator<string> {
  for (let at = 0; at < TEXT.length; at += 100) {
    await Promise.resolve()
    yield TEXT.slice(at, at + 100)
  }
}

describe('compressed', () => {
  test.each<[string, () => RenderResult]>([
    ['a string', () => TEXT],
    ['a promise', () => Promise.resolve(TEXT)],
    ['pieces', () => pieces()],
    ['a web stream', () => ReadableStream.from(pieces())],
  ])('codes %s', async (_name, render) => {
    const received = await get(Exchange.of(new Site(compressed(new Page(render)))), GZIP)
    expect(received.headers.get('content-encoding')).toBe('gzip')
    expect(decoded(received)).toBe(TEXT)
  })

  test('sends one part and several with the Vary of the whole', async () => {
    const page = new Page(async (request) => {
      request.setHeader('Content-Type', 'text/plain')
      await sendRanges(request, Buffer.from(TEXT))
      return NOT_DONE_YET
    })
    for (const range of ['', 'Range: bytes=0-9\r\n', 'Range: bytes=0-9,20-29\r\n']) {
      const { status, headers } = await get(Exchange.of(new Site(compressed(page))), GZIP + range)
      expect([status, headers.get('vary')]).toEqual([range === '' ? 200 : 206, 'Accept-Encoding'])
    }
  })

  test('leaves a body unchanged whose digest is a trailer', async () => {
    for (const name of ['Content-Digest', 'Repr-Digest']) {
      const page = new Page((request) => {
        request.setTrailer(name, 'sha-256=:AA==:')
        return pieces()
      })
      const received = await get(Exchange.of(new Site(compressed(page))), `${GZIP}TE: trailers\r\n`)
      expect(received.headers.get('content-encoding')).toBeUndefined()
      expect(received.trailers).toContain(`${name}: `)
      expect(String(received.body)).toBe(TEXT)
    }
  })

  test('decides by the headers that beforeHead sets, and keeps Vary', async () => {
    const prepared = async (prepare: (request: Request) => void): Promise<string> => {
      const page = new Page((request) => {
        request.beforeHead(() => prepare(request))
        return pieces()
      })
      const { headers, body } = await get(Exchange.of(new Site(compressed(page))), GZIP)
      expect(decoded({ status: 200, headers, body, trailers: '' })).toBe(TEXT)
      return ['content-encoding', 'vary', 'etag'].map((name) => headers.get(name) ?? '-').join('; ')
    }
    expect(await prepared((it) => it.setHeader('Vary', 'Origin'))).toBe('gzip; Origin, Accept-Encoding; -')
    expect(await prepared((it) => it.setHeader('ETag', '"v1"'))).toBe('gzip; Accept-Encoding; W/"v1"')
    expect(await prepared((it) => it.setHeader('Cache-Control', 'no-transform'))).toBe('-; -; -')
    const length = String(Buffer.byteLength(TEXT))
    expect(await prepared((it) => it.setHeader('Content-Length', length))).toBe('gzip; Accept-Encoding; -')
  })

  test('codes the resources below it, and no others', async () => {
    const root = new Resource()
    const inner = new Resource()
    inner.putChild('page', new Page(() => TEXT))
    root.putChild('coded', compressed(inner))
    root.putChild('plain', new Page(() => TEXT))
    const exchange = Exchange.of(new Site(root))
    const ask = async (path: string): Promise<string | undefined> => {
      await exchange.send(`GET ${path} HTTP/1.1\r\nHost: h\r\n${GZIP}\r\n`)
      const { headers } = parse(exchange.transport.bytes())
      exchange.transport.clear()
      return headers.get('content-encoding')
    }
    expect(await ask('/coded/page')).toBe('gzip')
    expect(await ask('/plain')).toBeUndefined()
  })

  test('adds routes to what it wraps', async () => {
    const root = compressed(new Resource())
    root.route('GET /pages/:name', (_request, { name }) => name + TEXT)
    const exchange = Exchange.of(new Site(root))
    await exchange.send(`GET /pages/one HTTP/1.1\r\nHost: h\r\n${GZIP}\r\n`)
    expect(parse(exchange.transport.bytes()).headers.get('content-encoding')).toBe('gzip')
  })

  test('has the children, methods and leaf of what it wraps', async () => {
    class Leaf extends Resource {
      override readonly isLeaf = true
      override render_GET(request: Request): string {
        return request.postpath.join(' ') + TEXT
      }
    }
    expect(compressed(new Leaf()).isLeaf).toBe(true)
    expect(compressed(new Leaf()).allowedMethods()).toEqual(new Leaf().allowedMethods())
    const root = compressed(new Resource())
    root.putChild('', new Page(() => TEXT))
    expect((await get(Exchange.of(new Site(root)), GZIP)).headers.get('content-encoding')).toBe('gzip')
  })

  test('an option of the inner one counts when it is wrapped twice', async () => {
    const inner = compressed(new Page(() => TEXT), { thresholdBytes: 100_000 })
    expect(
      (await get(Exchange.of(new Site(compressed(inner))), GZIP)).headers.hasHeader('content-encoding'),
    ).toBe(false)
  })

  test('a source whose client leaves is released', async () => {
    let returned = false
    async function* endless(): AsyncGenerator<string> {
      try {
        for (;;) yield TEXT
      } finally {
        returned = true
      }
    }
    const exchange = Exchange.of(new Site(compressed(new Page(endless))))
    exchange.transport.block()
    await exchange.send(`GET / HTTP/1.1\r\nHost: h\r\n${GZIP}\r\n`)
    exchange.transport.receiveReset()
    await ended(exchange)
    await expect.poll(() => returned).toBe(true)
  })

  test('an error page is sent as it is', async () => {
    const exchange = Exchange.of(new Site(compressed(new Resource())))
    const { status, headers } = await get(exchange, GZIP)
    expect([status, headers.hasHeader('content-encoding')]).toEqual([404, false])
  })

  test.each([
    [{ codings: ['deflate'] }, RangeError],
    [{ codings: 'gzip' }, TypeError],
    [{ thresholdBytes: -1 }, RangeError],
    [{ gzipLevel: 10 }, RangeError],
    [{ brotliQuality: 12 }, RangeError],
    [{ zstdLevel: 0 }, RangeError],
    [{ maxCoders: 0.5 }, RangeError],
    [{ isCompressible: 'text/html' }, TypeError],
    [{ treshold: 5 }, TypeError],
  ] as const)('refuses the options %j', (options, kind) => {
    expect(() => compressed(new Resource(), options as object)).toThrow(kind)
  })

  test('refuses what is not a Resource', () => {
    expect(() => compressed('/' as unknown as Resource)).toThrow('give a Resource')
  })

  test('offers only the codings that are given, by type and size', async () => {
    const html = new Page(() => TEXT)
    const none = await get(Exchange.of(new Site(compressed(html, { codings: [] }))), GZIP)
    expect(none.headers.hasHeader('content-encoding')).toBe(false)
    const chosen = compressed(html, { isCompressible: (type) => type !== 'text/html; charset=utf-8' })
    expect((await get(Exchange.of(new Site(chosen)), GZIP)).headers.hasHeader('vary')).toBe(false)
    const all = compressed(new Page(() => 'tiny'), { thresholdBytes: 0 })
    const tiny = await get(Exchange.of(new Site(all)), GZIP)
    expect(gunzipSync(tiny.body).toString()).toBe('tiny')
  })
})
