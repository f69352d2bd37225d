import { Protocol, sleep, tcpAddress } from '@ropewalk/core'
import { leftovers, MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  Headers,
  HTTPError,
  HTTPFactory,
  NOT_DONE_YET,
  type Request,
  Resource,
  Site,
} from '../../src/index.ts'
import type { HTTPChannel } from '../../src/server/http-channel.ts'
import { requestFrom, type TestRequest } from '../../src/testing.ts'
import type { Rendered } from '../../src/site/render-result.ts'
import { MalformedResponseError } from '../../src/testing/response-reader.ts'

/** A site that responds to every method and path with what `respond` returns. */
function responding(respond: (request: Request) => Rendered | Promise<Rendered>): Site {
  class All extends Resource {
    override readonly isLeaf = true
    override render(request: Request): Rendered | Promise<Rendered> {
      return respond(request)
    }
  }
  return new Site(new All())
}

/** Returns a reactor; expects that nothing is left in it when the test has finished. */
function cleanReactor(): MemoryReactor {
  const reactor = new MemoryReactor()
  onTestFinished(async () => {
    await reactor.settle()
    expect(leftovers(reactor)).toEqual([])
  })
  return reactor
}

const echo = async (request: Request): Promise<string> =>
  `${request.method} ${request.uri} ${request.getHeader('content-type')} ${request.getHeader('content-length')} ` +
  `${request.getHeader('transfer-encoding')} ${await request.body.text()}`

describe('requestFrom', () => {
  test('returns status, headers and body', async () => {
    const site = responding((request) => {
      request.setResponseCode(201)
      request.setHeader('Content-Type', 'application/json')
      return '{ "name": "é" }'
    })
    const response = await requestFrom(site, { path: '/items?x=1', reactor: cleanReactor() })
    expect([response.outcome, response.status, response.reason]).toEqual(['complete', 201, 'Created'])
    expect(response.headers.get('content-type')).toBe('application/json')
    expect([response.body.length, response.text, response.json()]).toEqual([
      16,
      '{ "name": "é" }',
      { name: 'é' },
    ])
    expect([[...response.trailers], response.informational, response.upgrade, response.logged]).toEqual([
      [],
      [],
      undefined,
      [],
    ])
  })

  test('asks for / by default, on localhost', async () => {
    const site = responding((request) => `${request.method} ${request.uri} ${request.getRequestAuthority()}`)
    expect((await requestFrom(site)).text).toBe('GET / localhost')
    expect((await requestFrom(site, { headers: { Host: 'h:1' } })).text).toBe('GET / h:1')
  })

  test.each<[string, TestRequest, string]>([
    ['no body', {}, 'GET / undefined undefined undefined '],
    ['a string', { body: 'é' }, 'POST / undefined 2 undefined é'],
    ['an empty string', { body: '' }, 'POST / undefined 0 undefined '],
    ['bytes', { body: Buffer.from('abc'), method: 'PUT' }, 'PUT / undefined 3 undefined abc'],
    ['JSON', { json: { a: 1 } }, 'POST / application/json 7 undefined {"a":1}'],
    ['JSON of another type', { json: 1, headers: [['content-type', 'a/b']] }, 'POST / a/b 1 undefined 1'],
    [
      'a form',
      { body: new URLSearchParams({ a: 'b c' }) },
      'POST / application/x-www-form-urlencoded 5 undefined a=b+c',
    ],
    ['pieces', { body: ['ab', '', Buffer.from('c')] }, 'POST / undefined undefined chunked abc'],
    [
      'a length of its own',
      { body: 'abc', headers: { 'Content-Length': '2' } },
      'POST / undefined 2 undefined ab',
    ],
    [
      'a coding of its own',
      { body: ['1\r\na\r\n', '0\r\n\r\n'], headers: { 'Transfer-Encoding': 'chunked' } },
      'POST / undefined undefined chunked a',
    ],
  ])('sends %s', async (_what, request, expected) => {
    expect((await requestFrom(responding(echo), { ...request, reactor: cleanReactor() })).text).toBe(expected)
  })

  test('sends a FormData', async () => {
    const site = responding(async (request) => {
      const form = await new Response(new Uint8Array(await request.body.bytes()), {
        headers: { 'Content-Type': request.getHeader('content-type') ?? '' },
      }).formData()
      return `${form.get('name') as string} ${await (form.get('file') as File).text()}`
    })
    const body = new FormData()
    body.set('name', 'Ada')
    body.set('file', new File(['text'], 'a.txt'))
    expect((await requestFrom(site, { body })).text).toBe('Ada text')
  })

  test('sends the pieces of a generator while the response is read, and no more than are wanted', async () => {
    let sent = 0
    async function* pieces(): AsyncGenerator<string> {
      for (;;) {
        sent++
        await Promise.resolve()
        yield 'piece'
      }
    }
    const site = responding(async (request) => {
      for await (const piece of request.body) return `got ${piece.toString()}`
      return 'nothing'
    })
    const response = await requestFrom(site, { body: pieces(), reactor: cleanReactor() })
    expect([response.text, sent]).toEqual(['got piece', 1])
  })

  test('rejects with the error of a body', async () => {
    async function* pieces(): AsyncGenerator<string> {
      yield await Promise.resolve('a')
      throw new RangeError('no more')
    }
    await expect(requestFrom(responding(echo), { body: pieces(), reactor: cleanReactor() })).rejects.toThrow(
      'no more',
    )
  })

  test('sends trailers after chunks', async () => {
    const site = responding(async (request) => request.body.text())
    const response = await requestFrom(site, {
      body: ['a'],
      trailers: { 'X-Sum': '1' },
      reactor: cleanReactor(),
    })
    expect(response.text).toBe('a')
    await expect(requestFrom(site, { body: 'a', trailers: { 'X-Sum': '1' } })).rejects.toThrow(
      'trailers follow a body that is sent in chunks',
    )
  })

  test('waits for a 100 before it sends the body, when the headers announce that', async () => {
    const headers = { Expect: '100-continue' }
    const response = await requestFrom(responding(echo), { body: 'abc', headers, reactor: cleanReactor() })
    expect([response.informational.map(({ status }) => status), response.text]).toEqual([
      [100],
      'POST / undefined 3 undefined abc',
    ])
    const refusing = responding(() => {
      throw new HTTPError(413)
    })
    const refused = await requestFrom(refusing, { body: 'abc', headers, reactor: cleanReactor() })
    expect([refused.status, refused.informational]).toEqual([413, []])
  })

  test('begins before it returns, and waits until a test moves time', async () => {
    const reactor = cleanReactor()
    const begun: string[] = []
    const site = responding(async (request) => {
      begun.push(request.path)
      await sleep(60_000, { reactor: request.reactor })
      return 'late'
    })
    const response = requestFrom(site, { path: '/slow', reactor })
    expect(begun).toEqual(['/slow'])
    reactor.advance(60_000)
    expect((await response).text).toBe('late')
  })

  test('applies the deadlines of the site', async () => {
    const reactor = cleanReactor()
    const response = requestFrom(responding(echo), { body: 'a', headers: { 'Content-Length': '2' }, reactor })
    await reactor.settle()
    reactor.advance(30_000)
    expect((await response).status).toBe(408)
  })

  test('waits for work that is no work of the reactor', async () => {
    const site = responding(async () => {
      const { readFile } = await import('node:fs/promises')
      return (await readFile(new URL(import.meta.url))).subarray(0, 6)
    })
    expect((await requestFrom(site)).text).toBe('import')
  })

  test('rejects when there is no whole response in time', async () => {
    const nothing = responding(() => NOT_DONE_YET)
    await expect(requestFrom(nothing, { path: '/x', timeoutMs: 5, reactor: cleanReactor() })).rejects.toThrow(
      'requestFrom: no response from /x after 5 ms: if the program waits for time to pass, give it a reactor and advance that',
    )
    const part = responding((request) => {
      request.write('a')
      return NOT_DONE_YET
    })
    await expect(requestFrom(part, { timeoutMs: 5, reactor: cleanReactor() })).rejects.toThrow(
      'only a part of the response from / after 5 ms',
    )
  })

  test('returns a response that breaks off as aborted, with the part that arrived', async () => {
    const reactor = cleanReactor()
    const site = responding(() => {
      return (async function* () {
        yield 'part'
        await sleep(1, { reactor })
        throw new RangeError('broken')
      })()
    })
    const pending = requestFrom(site, { reactor })
    await reactor.settle()
    reactor.advance(1)
    const response = await pending
    expect([response.outcome, response.status, response.text]).toEqual(['aborted', 200, 'part'])
    expect(reactor.flushLoggedErrors(RangeError).length).toBe(1)
  })

  test('returns status 0 when the connection ends without a response', async () => {
    const site = responding(() => NOT_DONE_YET)
    const leaving = new AbortController()
    const pending = requestFrom(site, { signal: leaving.signal, reactor: cleanReactor() })
    leaving.abort()
    const response = await pending
    expect([
      response.outcome,
      response.status,
      response.reason,
      response.text,
      [...response.headers],
    ]).toEqual(['aborted', 0, '', '', []])
    await expect(requestFrom(site, { signal: leaving.signal })).rejects.toBe(leaving.signal.reason)
  })

  test('resets the connection when its signal is aborted', async () => {
    const outcomes: unknown[] = []
    const site = responding((request) => {
      void request.finished.then((outcome) => outcomes.push(outcome))
      request.write('a')
      return NOT_DONE_YET
    })
    const leaving = new AbortController()
    const pending = requestFrom(site, { signal: leaving.signal, reactor: cleanReactor() })
    leaving.abort()
    expect([(await pending).outcome, outcomes]).toEqual(['aborted', ['aborted']])
  })

  test('returns what the reactor has logged, such as the error of a 500', async () => {
    const reactor = new MemoryReactor()
    reactor.log({ level: 'error', text: 'Before' })
    const failing = responding(() => {
      throw new RangeError('broken')
    })
    const response = await requestFrom(failing, { reactor })
    expect([response.status, response.logged.map(({ error }) => String(error))]).toEqual([
      500,
      ['RangeError: broken'],
    ])
    expect(() => response.json()).toThrow(
      'Cannot parse the body as JSON (status 500, text/html; charset=utf-8): "<!doctype',
    )
  })

  test('returns the connection of an upgrade', async () => {
    class Chat extends Protocol {
      override connectionMade(): void {
        this.transport.write('hi')
      }
      override dataReceived(data: Buffer): void {
        this.transport.write(`<${data.toString()}>`)
      }
    }
    const site = responding((request) => {
      request.upgrade(new Chat(), { protocol: 'chat' })
      return NOT_DONE_YET
    })
    const response = await requestFrom(site, { headers: { Upgrade: 'chat', Connection: 'Upgrade' } })
    expect([response.outcome, response.status]).toEqual(['upgraded', 101])
    const { transport, unread } = response.upgrade ?? expect.fail('not upgraded')
    transport.receive('a')
    expect([unread.toString(), transport.value()]).toEqual(['hi', '<a>'])
  })

  test('connects from the address that a test gives', async () => {
    const site = responding((request) => JSON.stringify(request.getClientAddress()))
    const peerAddress = tcpAddress('192.0.2.7', 1)
    expect((await requestFrom(site, { peerAddress })).json()).toEqual(peerAddress)
  })

  test('sends headers of every form', async () => {
    const site = responding((request) => (request.requestHeaders.getRawHeaders('x') ?? []).join('|'))
    const headers = new Headers()
    headers.addRawHeader('X', 'a')
    headers.addRawHeader('X', 'b')
    expect((await requestFrom(site, { headers })).text).toBe('a|b')
    expect((await requestFrom(site, { headers: { X: ['a', 'b'], Y: undefined } })).text).toBe('a|b')
    expect((await requestFrom(site, { headers: new Map([['X', 'a']]) })).text).toBe('a')
  })

  test('reads no body in response to HEAD', async () => {
    const response = await requestFrom(
      responding(() => 'text'),
      { method: 'HEAD', reactor: cleanReactor() },
    )
    expect([response.status, response.headers.get('content-length'), response.text]).toEqual([200, '4', ''])
  })

  test('gives two requests to a site different random bytes, the same ones in every run', async () => {
    const ids = async (): Promise<string[]> => {
      const site = responding((request) => request.reactor.randomBytes(8).toString('hex'))
      return [(await requestFrom(site)).text, (await requestFrom(site)).text]
    }
    const [one, other] = await ids()
    expect(one).not.toBe(other)
    expect(await ids()).toEqual([one, other])
  })

  test('rejects when the site refuses the connection, or sends no HTTP', async () => {
    class Refusing extends HTTPFactory {
      override buildProtocol(): HTTPChannel | undefined {
        return undefined
      }
      override process(): void {}
    }
    await expect(requestFrom(new Refusing())).rejects.toThrow(
      'Cannot send a request: the site refused the connection',
    )
    class Nonsense extends HTTPFactory {
      override buildProtocol(): HTTPChannel {
        return new (class extends Protocol {
          override dataReceived(): void {
            this.transport.write('220 smtp\r\n')
          }
        })() as unknown as HTTPChannel
      }
      override process(): void {}
    }
    await expect(requestFrom(new Nonsense(), { reactor: cleanReactor() })).rejects.toThrow(
      MalformedResponseError,
    )
  })

  test.each<[string, TestRequest, string]>([
    ['a path with a blank', { path: '/a b' }, 'path'],
    ['a method that is no token', { method: 'GE T' }, 'method'],
    ['an object as a body', { body: { a: 1 } as never }, 'an object is json'],
    ['a body and JSON', { body: 'a', json: 1 }, 'give body or json'],
    ['a function as JSON', { json: () => 1 }, 'json cannot be a function'],
    ['an unknown option', { url: '/' } as never, 'url'],
    ['a header that cannot be sent', { headers: { A: 'b\r\nC: d' } }, 'Cannot send header A'],
    ['a header that is not a text', { headers: { A: 1 } as never }, 'Cannot send header A'],
    ['an address that is not one', { peerAddress: 'h' as never }, 'an address'],
  ])('rejects %s', async (_what, request, message) => {
    await expect(requestFrom(responding(echo), request)).rejects.toThrow(message)
  })

  test('rejects what is not a site', async () => {
    await expect(requestFrom(new Resource() as never)).rejects.toThrow('give a Site')
  })
})
