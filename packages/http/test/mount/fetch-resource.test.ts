import { describe, expect, test } from 'vitest'
import { type FetchFunction, FetchResource } from '../../src/mount.ts'
import { unhandledRejectionsDuring } from '../server/unhandled-rejections.ts'
import { Mounted, parsed, requestPieces } from './mounted.ts'

const MEGABYTE = 1024 * 1024

function mounted(handler: FetchFunction, options = {}): Mounted {
  return new Mounted(new FetchResource(handler), '', options)
}

/** A stream of pieces of 64 KiB, and how many were read from it and why it was cancelled. */
function counted(pieces: number): {
  stream: ReadableStream<Uint8Array>
  made: () => number
  reason: () => unknown
} {
  let made = 0
  let reason: unknown
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (made++ < pieces) controller.enqueue(new Uint8Array(65_536).fill(97))
        else controller.close()
      },
      cancel: (why) => void (reason = why),
    },
    { highWaterMark: 0 },
  )
  return { stream, made: () => made, reason: () => reason }
}

describe('FetchResource', () => {
  test('keeps repeated headers of the request, and every Set-Cookie', async () => {
    const one = mounted((request) => {
      const headers = new Headers([
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['X-Seen', `${request.headers.get('accept')}; ${request.headers.get('cookie')}`],
      ])
      return new Response(null, { status: 418, statusText: 'Teapot', headers })
    })
    const { head } = await one.ask('GET', '/', ['Accept: a/b', 'accept: c/d', 'Cookie: x=1', 'Cookie: y=2'])
    expect(head.split('\r\n')).toEqual([
      'HTTP/1.1 418 Teapot',
      'set-cookie: a=1',
      'set-cookie: b=2',
      'x-seen: a/b, c/d; x=1; y=2',
      'Content-Length: 0',
    ])
  })

  test('sends no Content-Type that the program has not set', async () => {
    const one = mounted(() => new Response(new Uint8Array([104, 105])))
    const { head, body } = await one.ask('GET', '/')
    expect({ head, body }).toEqual({ head: 'HTTP/1.1 200 OK\r\nContent-Length: 2', body: 'hi' })
  })

  test('sends the head of a stream before its first piece ends', async () => {
    let enqueue: (text: string) => void = () => undefined
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        enqueue = (text) => controller.enqueue(Buffer.from(text))
        enqueue('first')
      },
    })
    const one = mounted(() => new Response(stream))
    await one.exchange.send(...requestPieces('GET', '/'))
    expect(await one.exchange.received()).toContain('chunked\r\n\r\n5\r\nfirst\r\n')
    enqueue('second')
    expect(await one.exchange.received()).toBe('6\r\nsecond\r\n')
  })

  test('asks for the body when the program reads it, and not before', async () => {
    const one = mounted(async (request) =>
      request.headers.has('x-denied')
        ? new Response(null, { status: 403 })
        : new Response(await request.text()),
    )
    const expecting = ['Expect: 100-continue', 'Content-Length: 4']
    await one.exchange.send(...requestPieces('POST', '/', [expecting]))
    expect(await one.exchange.received()).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    await one.exchange.send('body')
    expect((await one.response()).body).toBe('body')
    await one.exchange.send(...requestPieces('POST', '/', [[...expecting, 'X-Denied: yes']]))
    const { status, head } = await one.response()
    expect(status).toBe(403)
    expect(head).toContain('Connection: close')
  })

  test('reads 10 MB of a body no faster than the program', async () => {
    let readOn: () => void = () => undefined
    let read = 0
    const one = mounted(
      async (request) => {
        for await (const piece of request.body ?? []) {
          read += (piece as Uint8Array).length
          if (read < MEGABYTE) await new Promise<void>((resolve) => (readOn = resolve))
        }
        return new Response(String(read))
      },
      { maxBodyBytes: 16 * MEGABYTE },
    )
    await one.exchange.send(...requestPieces('POST', '/', [[`Content-Length: ${10 * MEGABYTE}`]]))
    const piece = Buffer.alloc(65_536)
    for (let sent = 0; sent < 10 * MEGABYTE; sent += piece.length) await one.exchange.send(piece)
    expect(read).toBeLessThanOrEqual(131_072)
    await one.until(() => {
      readOn()
      return read >= MEGABYTE
    })
    readOn()
    expect((await one.response()).body).toBe(String(10 * MEGABYTE))
  })

  test('reads 10 MB of a response no faster than the client', async () => {
    const { stream, made } = counted(160)
    const one = mounted(() => new Response(stream))
    one.exchange.transport.block()
    await one.exchange.send(...requestPieces('GET', '/'))
    await one.exchange.reactor.settle()
    expect(made()).toBeLessThanOrEqual(4)
    one.exchange.transport.unblock()
    expect((await one.response()).body).toHaveLength(160 * 65_536)
  })

  test('cancels the body, and aborts the signal, when the client leaves', async () => {
    const { stream, reason } = counted(1_000)
    let signal: AbortSignal | undefined
    const one = mounted((request) => {
      signal = request.signal
      return new Response(stream)
    })
    one.exchange.transport.block()
    await one.exchange.send(...requestPieces('GET', '/'))
    one.exchange.transport.receiveReset()
    await one.exchange.reactor.settle()
    expect(signal?.aborted).toBe(true)
    expect(reason()).toMatchObject({ name: 'ConnectionLost' })
    expect(one.logged).toEqual([])
  })

  test('cancels the body of a response that comes after the client has left, and of HEAD', async () => {
    const late = counted(1_000)
    let respond: (response: Response) => void = () => undefined
    const one = mounted(() => new Promise((resolve) => (respond = resolve)))
    await one.exchange.send(...requestPieces('GET', '/'))
    one.exchange.transport.receiveReset()
    respond(new Response(late.stream))
    await one.exchange.reactor.settle()
    expect(late.reason()).toMatchObject({ name: 'ConnectionLost' })
    const head = counted(1_000)
    const other = mounted(() => new Response(head.stream, { headers: { 'content-length': '65536000' } }))
    const { body, head: lines } = await other.ask('HEAD', '/')
    expect({ body, made: head.made() }).toEqual({ body: '', made: 0 })
    expect(lines).toContain('content-length: 65536000')
  })

  test('rejects the reads of a body that breaks off, without an unhandled rejection or a log', async () => {
    let failed: unknown
    const unhandled = await unhandledRejectionsDuring(async () => {
      const one = mounted(async (request) => {
        try {
          return new Response(await request.text())
        } catch (error) {
          failed = error
          throw error
        }
      })
      await one.exchange.send(...requestPieces('POST', '/', [['Content-Length: 9']]), 'half')
      one.exchange.transport.receiveReset()
      await one.exchange.reactor.settle()
      expect(one.logged).toEqual([])
    })
    expect(failed).toMatchObject({ name: 'ConnectionLost' })
    expect(unhandled).toEqual([])
  })

  test.each(['text', 'json', 'arrayBuffer', 'blob', 'formData'] as const)(
    'a rejection of %s that is awaited later is not unhandled',
    async (read) => {
      let failed: unknown
      const unhandled = await unhandledRejectionsDuring(async () => {
        const one = mounted(async (request) => {
          const reading = request[read]()
          await new Promise((resolve) => setImmediate(resolve))
          failed = await Promise.resolve(reading).then(undefined, (error: unknown) => error)
          return new Response('')
        })
        const form = ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 9']
        await one.exchange.send(...requestPieces('POST', '/', [form]), 'half')
        one.exchange.transport.receiveReset()
        await one.until(() => failed !== undefined)
      })
      expect(failed).toMatchObject({ name: 'ConnectionLost' })
      expect(unhandled).toEqual([])
    },
  )

  test('aborts the connection when a stream fails after the head, and logs its error', async () => {
    let fail: (error: Error) => void = () => undefined
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(Buffer.from('some'))
        fail = (error) => controller.error(error)
      },
    })
    const one = mounted(() => new Response(stream))
    await one.exchange.send(...requestPieces('GET', '/'))
    fail(new Error('the disk is gone'))
    await one.exchange.reactor.settle()
    expect([one.request.outcome, one.exchange.transport.connected]).toEqual(['aborted', false])
    expect(one.logged).toEqual(['the disk is gone'])
  })

  test('responds with 413 to a body beyond maxBodyBytes, 503 at the deadline, and closes in a drain', async () => {
    const long = mounted(async (request) => new Response(await request.text()), { maxBodyBytes: 10 })
    const chunked = ['Transfer-Encoding: chunked']
    await long.exchange.send(...requestPieces('POST', '/', [chunked]), 'b\r\nhello world\r\n0\r\n\r\n')
    expect(await long.response()).toMatchObject({ status: 413 })
    const slow = mounted(() => new Promise(() => undefined), { responseTimeoutMs: 1_000 })
    await slow.exchange.send(...requestPieces('GET', '/'))
    slow.exchange.reactor.advance(1_200)
    expect(await slow.response()).toMatchObject({ status: 503 })
    let respond: (response: Response) => void = () => undefined
    const draining = mounted(() => new Promise((resolve) => (respond = resolve)))
    await draining.exchange.send(...requestPieces('GET', '/'))
    draining.exchange.transport.drain()
    respond(new Response('last'))
    const { head, body } = await draining.response()
    expect(body).toBe('last')
    expect(head).toContain('Connection: close')
  })

  test('leaves out what describes the connection of a response that fetch returned', async () => {
    const received = new Response('decoded', {
      headers: { 'content-encoding': 'gzip', 'content-length': '3', connection: 'x-secret', 'x-kept': 'yes' },
    })
    Object.defineProperty(received, 'url', { value: 'https://upstream.example/' })
    const { head, body } = await mounted(() => received).ask('GET', '/')
    expect(body).toBe('decoded')
    expect(head).not.toMatch(/encoding|secret/)
    expect(head).toContain('x-kept: yes\r\nContent-Length: 7')
  })

  test.each([
    ['undefined', undefined, 'Cannot send what the fetch function returned (undefined): return a Response'],
    [
      'a plain object',
      { a: 1 },
      'Cannot send what the fetch function returned (an object): return a Response',
    ],
    ['Response.error()', Response.error(), 'Cannot send Response.error()'],
  ])('responds with 500 to %s, and logs it', async (_name, returned, message) => {
    const one = mounted(() => returned as Response)
    expect(await one.ask('GET', '/')).toMatchObject({ status: 500 })
    expect(one.logged[0]).toContain(message)
  })

  test('responds with 500 to a Response whose body was read', async () => {
    const one = mounted(async () => {
      const response = new Response('read')
      await response.text()
      return response
    })
    expect(await one.ask('GET', '/')).toMatchObject({ status: 500 })
    expect(one.logged[0]).toContain('whose body is read elsewhere')
  })

  test.each(['TRACE', 'TRACK', 'get'])('responds with 501 to the method %s', async (method) => {
    expect(await mounted(() => new Response('')).ask(method, '/')).toMatchObject({ status: 501 })
  })

  test('responds to HTTP/1.0 without Host', async () => {
    const one = mounted((request) => new Response(request.url))
    await one.exchange.send('GET /a HTTP/1.0\r\n\r\n')
    await one.request.finished
    expect(parsed(await one.exchange.received()).body).toBe('http://localhost/a')
  })
})
