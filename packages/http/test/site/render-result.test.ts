import { describe, expect, test } from 'vitest'
import type { Request } from '../../src/server/request.ts'
import { NOT_DONE_YET } from '../../src/site/not-done-yet.ts'
import type { RenderResult } from '../../src/site/render-result.ts'
import { Resource } from '../../src/site/resource.ts'
import { ask, request } from './site-exchange.ts'

function page(render: (request: Request) => RenderResult): Resource {
  return new (class extends Resource {
    override render_GET(it: Request): RenderResult {
      return render(it)
    }
  })()
}

async function* pieces(...items: (string | Error)[]): AsyncGenerator<string> {
  for (const item of items) {
    await Promise.resolve()
    if (item instanceof Error) throw item
    yield item
  }
}

describe('what render answers', () => {
  test('bytes, promises, pieces and later', async () => {
    const get = request('GET', '/')
    expect(
      (
        await ask(
          page(() => Buffer.from('bytes')),
          get,
        )
      ).answer,
    ).toContain('Content-Length: 5\r\n\r\nbytes')
    expect(
      (
        await ask(
          page(() => Promise.resolve('soon')),
          get,
        )
      ).answer,
    ).toContain('Content-Length: 4\r\n\r\nsoon')
    expect(
      (
        await ask(
          page(() => pieces('a', 'bc')),
          get,
        )
      ).answer,
    ).toContain('chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n')
    expect(
      (
        await ask(
          page(() => Promise.resolve(pieces('a'))),
          get,
        )
      ).answer,
    ).toContain('1\r\na\r\n0\r\n\r\n')
    const later = page((it) => {
      it.reactor.callLater(0, () => it.finish('later'))
      return NOT_DONE_YET
    })
    const { transport } = await ask(later, get)
    transport.reactor.advance(0)
    expect(transport.value()).toContain('\r\n\r\nlater')
  })

  test('case 93: an empty body has no type', async () => {
    expect(
      (
        await ask(
          page(() => ''),
          request('GET', '/'),
        )
      ).answer,
    ).toBe('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  })

  test('case 89: pieces are not asked for when the answer is to HEAD', async () => {
    let asked = false
    const lazy = page(async function* () {
      await Promise.resolve()
      asked = true
      yield 'x'
    })
    const { answer } = await ask(lazy, request('HEAD', '/'))
    expect(answer).toBe('HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n')
    expect(asked).toBe(false)
  })

  test('case 97: pieces that fail before the first are a 500, behind it a cut', async () => {
    const before = await ask(
      page(() => pieces(new Error('x'))),
      request('GET', '/'),
    )
    expect(before.answer).toMatch(/^HTTP\/1\.1 500 /)
    const behind = await ask(
      page(() => pieces('half', new Error('x'))),
      request('GET', '/'),
    )
    expect(behind.answer).not.toContain('0\r\n\r\n')
    expect(behind.transport.connected).toBe(false)
  })

  test('case 98: anything else is a 500, and the log says what to answer instead', async () => {
    const { answer, reactor } = await ask(
      page(() => ({ a: 1 }) as unknown as string),
      request('GET', '/'),
    )
    expect(answer).toMatch(/^HTTP\/1\.1 500 /)
    expect(String(reactor.logged[0]?.error)).toContain(
      'answer a string, bytes, an async iterable or NOT_DONE_YET',
    )
    expect(
      (
        await ask(
          page(() => undefined as unknown as string),
          request('GET', '/'),
        )
      ).answer,
    ).toMatch(/^HTTP\/1\.1 500 /)
  })

  test('case 122: pieces wait for a client that does not read', async () => {
    let given = 0
    const endless = page(async function* () {
      for (; given < 100; given++) yield Buffer.alloc(20_000)
    })
    const site = await ask(endless, '')
    site.transport.block()
    site.transport.receive(request('GET', '/'))
    await site.reactor.settle()
    expect(given).toBeLessThan(10)
    for (let i = 0; i < 100; i++) {
      site.transport.unblock()
      await site.reactor.settle()
    }
    expect(given).toBe(100)
    expect(site.reactor.logged).toEqual([])
  })
})
