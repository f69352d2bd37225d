import { EventEmitter, on } from 'node:events'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { Request } from '../../src/server/request.ts'
import { NOT_DONE_YET, type NotDoneYet, type RenderResult, shownType } from '../../src/site/render-result.ts'
import { html as markup } from '../../src/site/html.ts'
import { Resource } from '../../src/site/resource.ts'
import { ask, requestText } from './site-exchange.ts'

type SiteExchange = Awaited<ReturnType<typeof ask>>

function page(render: (request: Request) => RenderResult): Resource {
  return new (class extends Resource {
    override render_GET(it: Request): RenderResult {
      return render(it)
    }
  })()
}

function get(render: (request: Request) => RenderResult): Promise<SiteExchange> {
  return ask(page(render), requestText('GET', '/'))
}

function head(render: (request: Request) => RenderResult): Promise<SiteExchange> {
  return ask(page(render), requestText('HEAD', '/'))
}

async function* pieces(...items: (string | Error)[]): AsyncGenerator<string> {
  for (const item of items) {
    await Promise.resolve()
    if (item instanceof Error) throw item
    yield item
  }
}

/** Counts how often a piece is requested, and how often the source is released. */
class Source implements AsyncIterable<string> {
  requested = 0
  released = 0;
  [Symbol.asyncIterator](): AsyncIterator<string> {
    return {
      next: async () => {
        this.requested++
        return { done: true, value: undefined }
      },
      return: async () => {
        this.released++
        return { done: true, value: undefined }
      },
    }
  }
}

const HTML = 'Content-Type: text/html; charset=utf-8\r\n'

describe('the return value of render', () => {
  test('sends html of a template as HTML, also later, to HEAD, and with a type of its own', async () => {
    const shown = markup`<p>${'<é>'}</p>`
    const whole = `HTTP/1.1 200 OK\r\n${HTML}Content-Length: 19\r\n\r\n`
    const body = '<p>&#60;\xc3\xa9&#62;</p>'
    expect((await get(() => shown)).response).toBe(`${whole}${body}`)
    expect((await get(async () => shown)).response).toBe(`${whole}${body}`)
    expect((await head(() => shown)).response).toBe(whole)
    const typed = await get((request) => {
      request.setHeader('Content-Type', 'image/svg+xml')
      return shown
    })
    expect(typed.response).toContain('Content-Type: image/svg+xml\r\n')
  })

  test('sends bytes, promises and pieces, and waits after NOT_DONE_YET', async () => {
    const body = async (render: (request: Request) => RenderResult): Promise<string> =>
      (await get(render)).response.replace(`HTTP/1.1 200 OK\r\n${HTML}`, '')
    expect(await body(() => 'é')).toBe('Content-Length: 2\r\n\r\n\xc3\xa9')
    const bytes = 'HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n'
    expect(await body(() => Buffer.from('bytes'))).toBe(`${bytes}Content-Length: 5\r\n\r\nbytes`)
    expect(await body(() => Promise.resolve('soon'))).toBe('Content-Length: 4\r\n\r\nsoon')
    const chunked = 'Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n'
    expect(await body(() => pieces('a', '', 'bc'))).toBe(chunked)
    expect(await body(() => Promise.resolve(pieces('a', 'bc')))).toBe(chunked)
    expect((await get(() => pieces())).response).toBe('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    const { transport } = await get((it) => {
      it.reactor.callLater(5, () => it.finish('later'))
      return NOT_DONE_YET
    })
    expect(transport.value()).toBe('')
    transport.reactor.advance(5)
    expect(transport.value()).toContain('\r\n\r\nlater')
  })

  test('keeps the type that the method has set', async () => {
    for (const result of ['{}', Buffer.from('{}'), pieces('{}')]) {
      const { response } = await get((it) => {
        it.setHeader('content-type', 'application/json')
        return result
      })
      expect(response).toContain('content-type: application/json\r\n')
      expect(response).not.toContain('text/html')
    }
  })

  test('sends an empty body without a type', async () => {
    expect((await get(() => '')).response).toBe('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  })

  test('is the last piece of a response that the method began, and nothing after one it finished', async () => {
    const begun = await get((it) => {
      it.write('ab')
      return 'c'
    })
    expect(begun.response).toContain('2\r\nab\r\n1\r\nc\r\n0\r\n\r\n')
    const finished = await get((it) => {
      it.finish('all')
      return 'ignored'
    })
    expect(finished.response).toBe(`HTTP/1.1 200 OK\r\n${HTML}Content-Length: 3\r\n\r\nall`)
    expect(finished.reactor.logged.map(({ error }) => String(error))).toEqual([
      expect.stringContaining('Cannot send a body: the response is finished'),
    ])
    const silent = await get((it) => {
      it.finish('all')
      return undefined as unknown as string
    })
    expect(silent.reactor.logged).toEqual([])
  })

  test('sends neither a body nor its length with 204 and 304', async () => {
    for (const code of [204, 304]) {
      for (const result of [() => 'body', () => pieces('body')]) {
        const { response, transport } = await get((it) => {
          it.setResponseCode(code)
          return result()
        })
        expect(response).toMatch(/^HTTP\/1\.1 [23]04 [^]*\r\n\r\n$/)
        expect(response).not.toMatch(/Content-Length|Transfer-Encoding|body/)
        expect(transport.ended).toBe(false)
      }
    }
  })

  test('responds 500 to a body of a wrong length, or aborts the connection once it has begun', async () => {
    for (const [result, aborted] of [
      [() => 'four', false],
      [() => '', false],
      [() => pieces(), false],
      [() => pieces('four'), false],
      [() => pieces('fo', 'ur'), true],
      [() => pieces('f'), true],
    ] as const) {
      const { response, transport, reactor } = await get((it) => {
        it.setHeader('Content-Length', '3')
        return result()
      })
      expect(response).not.toContain('four')
      if (!aborted) expect(response).toMatch(/^HTTP\/1\.1 500 /)
      expect(transport.connected).toBe(!aborted)
      expect(reactor.logged.map(({ error }) => String(error))).toEqual([
        expect.stringContaining('under Content-Length 3: set the length'),
      ])
    }
  })

  test('does not request pieces for HEAD', async () => {
    let requested = false
    const { response } = await head(async function* () {
      await Promise.resolve()
      requested = true
      yield 'x'
    })
    expect(response).toBe('HTTP/1.1 200 OK\r\n\r\n')
    expect(requested).toBe(false)
  })

  test('keeps the declared length for HEAD, of pieces and of written bodies', async () => {
    const declared = (it: Request): void => it.setHeader('Content-Length', '3')
    const streamed = await head((it) => {
      declared(it)
      return pieces('abc')
    })
    expect(streamed.response).toBe('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n')
    const written = await head((it) => {
      declared(it)
      it.write('abc')
      it.finish()
      return NOT_DONE_YET
    })
    expect(written.response).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\n${HTML}\r\n`)
    expect(written.transport.ended).toBe(false)
  })

  test('responds 500 when pieces fail before the first one, and aborts the connection after it', async () => {
    const before = await get(() => pieces(new Error('x')))
    expect(before.response).toMatch(/^HTTP\/1\.1 500 /)
    expect(before.response).toContain('<h1>500 Internal Server Error</h1>')
    let fail: (error: Error) => void = () => undefined
    const after = await get(async function* () {
      yield 'half'
      await new Promise((_resolve, reject) => (fail = reject))
    })
    expect(after.response).toContain('4\r\nhalf\r\n')
    fail(new Error('x'))
    await after.reactor.settle()
    expect(after.transport.value()).not.toContain('0\r\n\r\n')
    expect(after.transport.connected).toBe(false)
    for (const { reactor } of [before, after])
      expect(reactor.logged.map(({ error }) => error)).toEqual([new Error('x')])
  })

  test('sends objects, arrays, numbers and booleans as JSON', async () => {
    for (const [value, text] of [
      [{ a: [1, 'é'] }, '{"a":[1,"\xc3\xa9"]}'],
      [[1, null], '[1,null]'],
      [{}, '{}'],
      [5, '5'],
      [false, 'false'],
      [Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
      [new URL('http://h/x'), '"http://h/x"'],
      [Promise.resolve({ a: 1 }), '{"a":1}'],
    ] as const) {
      const { response } = await get(() => value)
      const start = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n`
      expect(response).toBe(`${start}\r\n${text}`)
    }
    const typed = await get((it) => {
      it.setHeader('content-type', 'application/vnd.api+json')
      return { a: 1 }
    })
    expect(typed.response).toContain('content-type: application/vnd.api+json\r\n')
    const begun = await get((it) => {
      it.write('[')
      return 5
    })
    expect(begun.response).toContain('1\r\n[\r\n1\r\n5\r\n0\r\n\r\n')
    expect(begun.reactor.logged).toEqual([])
  })

  test('responds 500 to a value without JSON, and logs it', async () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    for (const [value, why] of [
      [cycle, 'circular'],
      [{ big: 1n }, 'BigInt'],
      [{ toJSON: () => undefined }, 'Cannot send an object as JSON: its toJSON returned nothing'],
    ] as const) {
      const { response, reactor } = await get(() => value)
      expect(response).toMatch(/^HTTP\/1\.1 500 /)
      expect(String(reactor.logged[0]?.error)).toContain(why)
    }
  })

  test('responds 500 to any other value, and logs what to return instead', async () => {
    const rest = 'return a string, bytes, an object for JSON, an async iterable or NOT_DONE_YET'
    const json = 'return a plain object of its data, or give it a toJSON'
    for (const [wrong, what] of [
      [undefined, `undefined): ${rest}`],
      [null, `null): ${rest}`],
      [() => ({ a: 1 }), `a function): ${rest}`],
      [Symbol('x'), `a symbol): ${rest}`],
      [new Map(), `a Map): ${json}`],
      [new Later(), `a Later): ${json}`],
      [new Uint16Array(2), 'a Uint16Array): return a Uint8Array of its bytes'],
      [new Uint8Array(2).buffer, 'a ArrayBuffer): return a Uint8Array of its bytes'],
    ] as const) {
      for (const result of [wrong, Promise.resolve(wrong)]) {
        const { response, reactor } = await get(() => result as unknown as string)
        expect(response).toMatch(/^HTTP\/1\.1 500 /)
        expect(reactor.logged.map(({ error }) => String(error))).toEqual([
          `TypeError: Cannot send what render_GET returned (${what}`,
        ])
      }
    }
  })

  test('names what to return after a redirect', async () => {
    const { response, reactor } = await get((request) => {
      request.redirect('/there', 303)
      return undefined as unknown as string
    })
    expect(response).toMatch(/^HTTP\/1\.1 500 /)
    expect(String(reactor.logged[0]?.error)).toContain("return '' after request.redirect, or redirectTo")
  })

  test('logs any value that is returned after the response is finished', async () => {
    for (const late of ['late', Buffer.from('late'), { a: 1 }, 5, pieces('late'), Promise.resolve('late')]) {
      const { response, reactor } = await get((it) => {
        it.finish('all')
        return late as string
      })
      expect(response.endsWith('\r\n\r\nall')).toBe(true)
      expect(reactor.logged.length).toBe(1)
      expect(reactor.logged[0]).toMatchObject({ fields: { method: 'GET', path: '/' } })
    }
    for (const nothing of ['', undefined, null, NOT_DONE_YET]) {
      const { reactor } = await get((it) => {
        it.finish('all')
        return nothing as string
      })
      expect(reactor.logged).toEqual([])
    }
  })

  test('releases unsent pieces: after finish, without a body, for HEAD, and after the client has gone', async () => {
    for (const [method, before] of [
      ['GET', (it: Request) => it.finish('all')],
      ['GET', (it: Request) => it.setResponseCode(204)],
      ['HEAD', () => undefined],
    ] as const) {
      const source = new Source()
      const resource = page((it) => {
        before(it)
        return source
      })
      await ask(resource, requestText(method, '/'))
      expect([source.requested, source.released], method).toEqual([0, 1])
    }
    const source = new Source()
    let decide: () => void = () => undefined
    const slow = page(async () => {
      await new Promise<void>((resolve) => (decide = resolve))
      return source
    })
    const { transport, reactor } = await ask(slow, requestText('GET', '/'))
    transport.receiveReset()
    decide()
    await reactor.settle()
    expect([source.requested, source.released, reactor.logged]).toEqual([0, 1, []])
  })

  test('requests no more pieces once a 500 has replaced them', async () => {
    let requested = 0
    const { response, reactor } = await get((it) => {
      it.setHeader('Content-Length', '3')
      return (async function* () {
        while (requested < 1000) {
          requested++
          yield 'four'
        }
      })()
    })
    expect(response).toMatch(/^HTTP\/1\.1 500 /)
    expect([requested, reactor.logged.length]).toEqual([1, 1])
  })

  test('ends the response at a piece that is not a body, with a 500 when it is the first', async () => {
    const first = await get(() => pieces(5 as unknown as string))
    expect(first.response).toMatch(/^HTTP\/1\.1 500 /)
    const later = await get(() => pieces('a', 5 as unknown as string))
    expect(later.transport.connected).toBe(false)
    for (const { reactor } of [first, later])
      expect(reactor.logged.map(({ error }) => String(error))).toEqual([
        'TypeError: Cannot send a body of type number: give a string or a Uint8Array',
      ])
  })

  test('requests no pieces while the client does not read', async () => {
    let given = 0
    const endless = page(async function* () {
      for (; given < 100; given++) yield Buffer.alloc(20_000)
    })
    const site = await ask(endless, '')
    site.transport.block()
    site.transport.receive(requestText('GET', '/'))
    await site.reactor.settle()
    expect(given).toBeLessThan(10)
    for (let i = 0; i < 100; i++) {
      site.transport.unblock()
      await site.reactor.settle()
    }
    expect(given).toBe(100)
    expect(site.reactor.logged).toEqual([])
  })

  test('releases the source of the pieces when the client has gone', async () => {
    let released = false
    const endless = page(async function* () {
      try {
        for (;;) yield Buffer.alloc(20_000)
      } finally {
        released = true
      }
    })
    const site = await ask(endless, '')
    site.transport.block()
    site.transport.receive(requestText('GET', '/'))
    await site.reactor.settle()
    expect(released).toBe(false)
    site.transport.receiveReset()
    await site.reactor.settle()
    expect(released).toBe(true)
    expect(site.reactor.logged).toEqual([])
  })
})

describe('a source of pieces whose client has gone', () => {
  /** Requests what `render` returns, and resets the connection. */
  async function afterReset(render: (request: Request) => RenderResult): Promise<SiteExchange> {
    const exchange = await get(render)
    exchange.transport.receiveReset()
    await exchange.reactor.settle()
    return exchange
  }

  test('is destroyed when it is a stream, also while it waits for its next piece', async () => {
    const waiting = new Readable({ read: () => undefined })
    const { reactor } = await afterReset(() => waiting)
    await new Promise<void>((resolve) => waiting.once('close', resolve))
    await reactor.settle()
    expect([waiting.destroyed, reactor.logged]).toEqual([true, []])
  })

  test('is destroyed when it is returned too late, and for HEAD', async () => {
    const late = new Readable({ read: () => undefined })
    let give: (source: Readable) => void = () => undefined
    await afterReset(() => new Promise<Readable>((resolve) => (give = resolve)))
    give(late)
    await new Promise<void>((resolve) => late.once('close', resolve))
    const unwanted = new Readable({ read: () => undefined })
    await head(() => unwanted)
    expect([late.destroyed, unwanted.destroyed]).toEqual([true, true])
  })

  test('is cancelled when it is a ReadableStream, also while it waits', async () => {
    let cancelled = 0
    const waiting = (): ReadableStream<Uint8Array> =>
      new ReadableStream({ pull: () => new Promise(() => undefined), cancel: () => void cancelled++ })
    const { reactor } = await afterReset(waiting)
    await head(waiting)
    expect([cancelled, reactor.logged]).toEqual([2, []])
  })

  test('does not end the process when it fails unread, as a file that does not exist', async () => {
    const failed: string[] = []
    const missing = (): Readable => {
      const file = createReadStream('/nowhere/to/be/found')
      file.once('close', () => failed.push(String(file.errored)))
      return file
    }
    const unhandled = await uncaughtDuring(async () => {
      await head(missing)
      await afterReset(missing)
      while (failed.length < 2) await new Promise((resolve) => setImmediate(resolve))
    })
    expect([unhandled, failed.length]).toEqual([[], 2])
  })

  test('has its iteration ended, also while it waits', async () => {
    const emitter = new EventEmitter()
    await afterReset(() => on(emitter, 'piece') as unknown as AsyncIterable<string>)
    expect(emitter.listenerCount('piece')).toBe(0)
    let cleaned = false
    await afterReset(async function* ({ reactor }) {
      try {
        yield 'first'
        await new Promise((resolve) => reactor.callLater(1000, resolve, undefined))
        yield 'second'
      } finally {
        cleaned = true
      }
    }).then(async ({ reactor }) => {
      expect(cleaned).toBe(false)
      reactor.advance(1000)
      await reactor.settle()
    })
    expect(cleaned).toBe(true)
  })

  test('is not requested from a child that is found too late', async () => {
    let found: (child: Resource) => void = () => undefined
    let rendered = false
    const root = new (class extends Resource {
      override getChild(): Promise<Resource> {
        return new Promise((resolve) => (found = resolve))
      }
    })()
    const { transport, reactor } = await ask(root, requestText('GET', '/child'))
    transport.receiveReset()
    found(page(() => ((rendered = true), 'too late')))
    await reactor.settle()
    expect(rendered).toBe(false)
  })
})

/** Runs `work`, and returns the uncaught exceptions during it: each would end a process. */
async function uncaughtDuring(work: () => Promise<void>): Promise<unknown[]> {
  const uncaught: unknown[] = []
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => uncaught.push(error))
  try {
    await work()
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
  }
  return uncaught
}

/** Compiles without return types: TypeScript infers the type of NOT_DONE_YET. */
class Later extends Resource {
  override render_GET(asked: Request) {
    asked.reactor.callLater(200, () => asked.finish('late'))
    return NOT_DONE_YET
  }
  override async render_POST(asked: Request) {
    return asked.hasBody ? asked.body.text() : NOT_DONE_YET
  }
  override async *render_PUT() {
    yield 'a'
    yield Buffer.from('b')
  }
  override render_PATCH(asked: Request) {
    return asked.body
  }
  override async render_DELETE() {
    return { deleted: true }
  }
  // @ts-expect-error -- a Map is not a RenderResult: it does not compile
  override render_OPTIONS() {
    return new Map([['deleted', true]])
  }
}

describe('NOT_DONE_YET', () => {
  test('is unique', () => {
    // @ts-expect-error -- another object of the same shape is not a NotDoneYet
    const other: NotDoneYet = { toString: () => 'NOT_DONE_YET' }
    expect(other).not.toBe(NOT_DONE_YET)
  })

  test('can be returned from methods without a return type', () => {
    expect(new Later().allowedMethods()).toContain('GET')
  })
})

describe('shownType', () => {
  test('describes a value in words', () => {
    for (const [value, words] of [
      [undefined, 'undefined'],
      [null, 'null'],
      ['text', 'a string'],
      [5, 'a number'],
      [[], 'an array'],
      [{}, 'an object'],
      [Object.create(null), 'an object'],
      [{ constructor: 'x' }, 'an object'],
      [new Map(), 'a Map'],
      [shownType, 'a function'],
    ] as const)
      expect(shownType(value)).toBe(words)
  })

  test('responds to HEAD before the source is released', async () => {
    const cancelled = new ReadableStream({ cancel: () => new Promise(() => undefined) })
    expect((await head(() => cancelled)).response).toMatch(/^HTTP\/1\.1 200 /)
    const failing = new ReadableStream({ cancel: () => Promise.reject(new Error('Cannot cancel')) })
    expect((await head(() => failing)).response).toMatch(/^HTTP\/1\.1 200 /)
  })
})
