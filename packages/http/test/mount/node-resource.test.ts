import { finished, pipeline, Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { type NodeListener, NodeResource } from '../../src/mount.ts'
import { unhandledRejectionsDuring } from '../server/unhandled-rejections.ts'
import { Mounted, parsed, requestPieces } from './mounted.ts'

type IncomingMessage = Parameters<NodeListener>[0]
type ServerResponse = Parameters<NodeListener>[1]

const MEGABYTE = 1024 * 1024

function mounted(listener: NodeListener, options = {}): Mounted {
  return new Mounted(new NodeResource(listener), '', options)
}

/** Records the events of both messages and of their socket, in order. */
function record(request: IncomingMessage, response: ServerResponse): string[] {
  const events: string[] = []
  for (const name of ['end', 'aborted', 'error', 'close'])
    request.on(name, () => events.push(`request ${name}`))
  for (const name of ['drain', 'finish', 'error', 'close'])
    response.on(name, () => events.push(`response ${name}`))
  request.socket.on('close', () => events.push('socket close'))
  return events
}

async function aTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

describe('NodeResource', () => {
  test('passes the request as it was sent: names, repeated fields, version, socket', async () => {
    let seen: unknown
    const one = mounted((request, response) => {
      const { method, url, httpVersion, rawHeaders, headers, headersDistinct, complete, socket } = request
      const { remoteAddress, remotePort, remoteFamily, localPort, destroyed, writable } = socket
      const peer = { remoteAddress, remotePort, remoteFamily, localPort, destroyed, writable }
      const encrypted: unknown = Reflect.get(socket, 'encrypted')
      seen = {
        method,
        url,
        httpVersion,
        rawHeaders,
        headers,
        accept: headersDistinct['accept'],
        complete,
        peer,
        encrypted,
      }
      response.end()
    })
    await one.ask('PURGE', '/a?b', ['aCCept: x', 'Accept: y', 'Cookie: a=1', 'cookie: b=2', '__proto__: z'])
    expect(seen).toMatchObject({
      method: 'PURGE',
      url: '/a?b',
      httpVersion: '1.1',
      rawHeaders: [
        'Host',
        'example.org',
        'aCCept',
        'x',
        'Accept',
        'y',
        'Cookie',
        'a=1',
        'cookie',
        'b=2',
        '__proto__',
        'z',
      ],
      headers: { host: 'example.org', accept: 'x, y', cookie: 'a=1; b=2' },
      accept: ['x', 'y'],
      complete: true,
      peer: {
        remoteAddress: '192.168.1.1',
        remotePort: 54_321,
        remoteFamily: 'IPv4',
        localPort: 1234,
        destroyed: false,
        writable: true,
      },
      encrypted: false,
    })
  })

  test('sends the head as it was set, by every method that sets it', async () => {
    const one = mounted((_request, response) => {
      response.setHeader('X-One', ['1', '2'])
      response.setHeader('X-Number', 3)
      response.appendHeader('Set-Cookie', 'a=1')
      response.appendHeader('Set-Cookie', 'b=2')
      response.setHeader('X-Gone', 'x')
      response.removeHeader('x-gone')
      response.writeHead(299, 'Fine', {
        'X-Two': 'y',
        'Set-Cookie': ['c=3', 'd=4'],
        'Transfer-Encoding': 'chunked',
      })
      expect(response.headersSent).toBe(true)
      expect(() => response.setHeader('X-Late', '1')).toThrow('after they are sent')
      response.end('done')
    })
    const { head, body } = await one.ask('GET', '/')
    expect(body).toBe('done')
    expect(head.split('\r\n')).toEqual([
      'HTTP/1.1 299 Fine',
      'X-One: 1',
      'X-One: 2',
      'X-Number: 3',
      'Set-Cookie: c=3',
      'Set-Cookie: d=4',
      'X-Two: y',
      'Content-Length: 4',
    ])
    expect(one.logged).toEqual([])
  })

  test.each([
    [{ 'X-A': '1' }, 'X-A: 1'],
    [['X-A', '1', 'X-A', '2'], 'X-A: 1\r\nX-A: 2'],
    [
      [
        ['X-A', '1'],
        ['X-B', '2'],
      ],
      'X-A: 1\r\nX-B: 2',
    ],
  ])('takes the fields of writeHead as %j', async (fields, lines) => {
    const one = mounted((_request, response) => response.writeHead(200, fields as never).end())
    expect((await one.ask('GET', '/')).head).toContain(`200 OK\r\n${lines}\r\n`)
  })

  test('refuses a head that cannot be sent, as Node does', async () => {
    const codes: unknown[] = []
    const attempt = (call: () => unknown): void => {
      try {
        call()
      } catch (error) {
        codes.push(error instanceof Error && 'code' in error ? error.code : error)
      }
    }
    const one = mounted((_request, response) => {
      attempt(() => response.setHeader('X', 'a\r\nb'))
      attempt(() => response.setHeader('X Y', 'a'))
      attempt(() => response.writeHead(99))
      attempt(() => response.writeHead(200, 'a\r\nb'))
      attempt(() => response.write(1))
      attempt(() => response.write(null))
      response.statusMessage = ''
      response.end('x')
      attempt(() => response.writeHead(200))
    })
    expect(await one.ask('GET', '/')).toMatchObject({ status: 200, body: 'x' })
    expect(codes).toEqual([
      'ERR_INVALID_CHAR',
      'ERR_INVALID_HTTP_TOKEN',
      'ERR_HTTP_INVALID_STATUS_CODE',
      'ERR_INVALID_CHAR',
      'ERR_INVALID_ARG_TYPE',
      'ERR_STREAM_NULL_VALUES',
      'ERR_HTTP_HEADERS_SENT',
    ])
  })

  test('sends pieces in any encoding, calls back, and ends with the events of Node', async () => {
    const calls: string[] = []
    let events: string[] = []
    const one = mounted((request, response) => {
      events = record(request, response)
      response.write('68', 'hex', () => calls.push('hex'))
      response.write('é', 'latin1')
      response.write(new Uint8Array([33]), () => calls.push('bytes'))
      response.end(' end', () => calls.push('end'))
      expect(response).toMatchObject({ writableEnded: true, writableFinished: false })
      finished(response, (error) => calls.push(`finished ${String(error)}`))
    })
    const { body } = await one.ask('GET', '/')
    await aTurn()
    expect(body).toBe('h\xe9! end')
    expect(calls).toEqual(['hex', 'bytes', 'end', 'finished undefined'])
    expect(events).toEqual(['response finish', 'response close', 'request end', 'request close'])
  })

  test('sends a head at once when it is flushed', async () => {
    let respond: () => void = () => undefined
    const one = mounted((_request, response) => {
      response.setHeader('Content-Type', 'text/event-stream')
      response.flushHeaders()
      respond = () => response.end('data: x\n\n')
    })
    await one.exchange.send(...requestPieces('GET', '/'))
    expect(await one.exchange.received()).toContain('text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
    respond()
    expect(await one.exchange.received()).toBe('9\r\ndata: x\n\n\r\n0\r\n\r\n')
  })

  test('sends HEAD no length of a body that GET gets in pieces', async () => {
    const one = mounted((_request, response) => {
      response.write('first')
      response.end('last')
    })
    expect((await one.ask('GET', '/')).head).toContain('Transfer-Encoding: chunked')
    expect((await one.ask('HEAD', '/')).head).not.toContain('Content-Length')
  })

  test('sends no body to HEAD, and with 204 and 304', async () => {
    const one = mounted((request, response) => {
      response.statusCode = Number(request.url?.slice(1))
      if (request.headers['x-pieces'] !== undefined) response.write('a piece')
      response.end('body')
    })
    expect(await one.ask('HEAD', '/200')).toMatchObject({
      head: expect.stringContaining('Content-Length: 4'),
      body: '',
    })
    expect(await one.ask('HEAD', '/200', ['X-Pieces: y'])).toMatchObject({ status: 200, body: '' })
    for (const code of [204, 304]) {
      const { status, head, body } = await one.ask('GET', `/${code}`, code === 204 ? [] : ['X-Pieces: y'])
      expect({ status, body }).toEqual({ status: code, body: '' })
      expect(head).not.toContain('Content-Length')
    }
    expect(one.logged).toEqual([])
  })

  test('asks for the body at the first read, or when writeContinue is called', async () => {
    const one = mounted((request, response) => {
      request.on('end', () => response.end('read'))
      if (request.url === '/denied') response.writeHead(403).end()
      else if (request.url === '/asked') response.writeContinue(() => setImmediate(() => request.resume()))
      else request.resume()
    })
    const expecting = ['Expect: 100-continue', 'Content-Length: 4']
    for (const target of ['/', '/asked']) {
      await one.exchange.send(...requestPieces('POST', target, [expecting]))
      await aTurn()
      expect(await one.exchange.received()).toBe('HTTP/1.1 100 Continue\r\n\r\n')
      await one.exchange.send('body')
      expect((await one.response()).body).toBe('read')
    }
    await one.exchange.send(...requestPieces('POST', '/denied', [expecting]))
    const { status, head } = await one.response()
    expect(status).toBe(403)
    expect(head).toContain('Connection: close')
  })

  test('reads 10 MB of a body no faster than the program', async () => {
    let incoming: IncomingMessage | undefined
    let read = 0
    const one = mounted(
      (request, response) => {
        incoming = request
        request.on('data', (piece: Buffer) => {
          read += piece.length
          if (read < MEGABYTE) request.pause()
        })
        request.on('end', () => response.end(String(read)))
      },
      { maxBodyBytes: 16 * MEGABYTE },
    )
    await one.exchange.send(...requestPieces('POST', '/', [[`Content-Length: ${10 * MEGABYTE}`]]))
    const piece = Buffer.alloc(65_536)
    for (let sent = 0; sent < 10 * MEGABYTE; sent += piece.length) await one.exchange.send(piece)
    expect(read).toBeLessThanOrEqual(65_536)
    expect(incoming?.readableLength).toBeLessThanOrEqual(131_072)
    await one.until(() => {
      incoming?.resume()
      return read === 10 * MEGABYTE
    })
    expect((await one.response()).body).toBe(String(10 * MEGABYTE))
  })

  test('writes 10 MB no faster than the client reads', async () => {
    let made = 0
    function* pieces(): Generator<Buffer> {
      for (; made < 160; made++) yield Buffer.alloc(65_536, 'a')
    }
    const one = mounted(
      (_request, response) => void pipeline(Readable.from(pieces()), response, () => undefined),
    )
    one.exchange.transport.block()
    await one.exchange.send(...requestPieces('GET', '/'))
    for (let turns = 0; turns < 50; turns++) await aTurn()
    expect(made).toBeLessThanOrEqual(20)
    one.exchange.transport.unblock()
    await one.until(() => one.request.outcome !== undefined)
    expect((await one.response()).body).toHaveLength(160 * 65_536)
  })

  test('emits drain when the client has read enough', async () => {
    let outgoing: ServerResponse | undefined
    let events: string[] = []
    const one = mounted((request, response) => {
      outgoing = response
      events = record(request, response)
      expect(response.write(Buffer.alloc(200_000))).toBe(false)
    })
    one.exchange.transport.block()
    await one.exchange.send(...requestPieces('GET', '/'))
    expect([outgoing?.writableNeedDrain, events]).toEqual([true, []])
    one.exchange.transport.unblock()
    await one.exchange.reactor.settle()
    expect([outgoing?.writableNeedDrain, events]).toEqual([false, ['response drain']])
    outgoing?.end()
  })

  test('a client that is lost closes both messages, and nothing more is sent or logged', async () => {
    const failures: unknown[] = []
    let outgoing: ServerResponse | undefined
    let events: string[] = []
    const unhandled = await unhandledRejectionsDuring(async () => {
      const one = mounted((request, response) => {
        outgoing = response
        events = record(request, response)
        response.write('some')
        pipeline(new Readable({ read: () => undefined }), response, (error) => failures.push(error?.message))
      })
      await one.exchange.send(...requestPieces('POST', '/', [['Content-Length: 9']]), 'half')
      one.exchange.transport.receiveReset()
      await one.exchange.reactor.settle()
      await aTurn()
      expect(outgoing).toMatchObject({ destroyed: true, closed: true, writableFinished: false })
      expect(outgoing?.write('late', (error) => failures.push(error && 'code' in error && error.code))).toBe(
        false,
      )
      outgoing?.end((error?: Error) => failures.push(error && 'code' in error && error.code))
      await one.exchange.reactor.settle()
      expect(one.logged).toEqual([])
    })
    expect(events).toEqual([
      'request aborted',
      'response close',
      'request error',
      'request close',
      'socket close',
    ])
    expect(failures).toEqual(['Premature close', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_DESTROYED'])
    expect(unhandled).toEqual([])
  })

  test('a client that has sent its FIN closes the messages, but still gets what is written', async () => {
    let respond: () => void = () => undefined
    let events: string[] = []
    const one = mounted((request, response) => {
      events = record(request, response)
      respond = () => response.end('for a half-closed client')
    })
    await one.exchange.send(...requestPieces('GET', '/'))
    one.exchange.transport.receiveEnd()
    await one.exchange.reactor.settle()
    await aTurn()
    expect(events).toEqual(['request aborted', 'response close', 'request error', 'request close'])
    respond()
    expect((await one.response()).body).toBe('for a half-closed client')
    expect(events.slice(4)).toEqual(['response finish'])
  })

  test('a listener that fails causes a 500, or an aborted connection after the head, and is logged', async () => {
    const fails = (request: IncomingMessage, response: ServerResponse): void => {
      if (request.url?.includes('late')) response.write('begun')
      throw new Error(`failed at ${request.url}`)
    }
    for (const listener of [fails, async (...both: Parameters<typeof fails>) => fails(...both)]) {
      const one = mounted(listener)
      expect(await one.ask('GET', '/')).toMatchObject({ status: 500 })
      expect(await one.ask('GET', '/late')).toMatchObject({ status: 200, body: 'begun' })
      expect([one.request.outcome, one.exchange.transport.connected]).toEqual(['aborted', false])
      expect(one.logged).toEqual(['failed at /', 'failed at /late'])
    }
  })

  test('logs what a listener throws after its response', async () => {
    const one = mounted(async (_request, response) => {
      response.end('done')
      await aTurn()
      throw new Error('afterwards')
    })
    expect(await one.ask('GET', '/')).toMatchObject({ status: 200, body: 'done' })
    await one.until(() => one.logged.length > 0)
    expect(one.logged).toEqual(['afterwards'])
  })

  test('logs what a listener of an event throws', async () => {
    const one = mounted((request, response) => {
      request.on('data', () => {
        throw new Error('in data')
      })
      if (request.method === 'GET') {
        response.on('finish', () => {
          throw new Error('in finish')
        })
        response.end()
      }
    })
    expect(await one.ask('GET', '/')).toMatchObject({ status: 200 })
    await one.exchange.send(...requestPieces('POST', '/', [['Content-Length: 4']]))
    await one.exchange.send('body')
    expect(await one.response()).toMatchObject({ status: 500 })
    expect(one.logged).toEqual(['in finish', 'in data'])
  })

  test.each([
    ['the response', (_request: IncomingMessage, response: ServerResponse) => response.destroy()],
    ['the socket', (request: IncomingMessage) => request.socket.destroy()],
  ])('a program that destroys %s ends the connection', async (_name, destroy) => {
    const one = mounted((request, response) => {
      if (request.url === '/late') response.write('begun')
      destroy(request, response)
    })
    const early = await one.ask('GET', '/')
    expect(early.status).toBe(500)
    expect(early.head).toContain('Connection: close')
    const other = mounted((request, response) => {
      response.write('begun')
      destroy(request, response)
    })
    await other.ask('GET', '/late')
    expect(other.request.outcome).toBe('aborted')
    expect([one.logged, other.logged]).toEqual([[], []])
  })

  test('a program that destroys the request may still respond', async () => {
    const one = mounted(async (request, response) => {
      for await (const piece of request) {
        response.end(piece)
        break
      }
    })
    await one.exchange.send(...requestPieces('POST', '/', [['Content-Length: 9']]), 'half')
    expect(await one.response()).toMatchObject({ status: 200, body: 'half' })
    expect(one.logged).toEqual([])
  })

  test('a write after the end is reported to its callback, to listeners and to the log', async () => {
    const errors: unknown[] = []
    const one = mounted((_request, response) => {
      response.on('error', (error) => errors.push(error.message))
      response.end('done')
      response.write('late', (error) => errors.push(error && 'code' in error && error.code))
      response.end((error?: Error) => errors.push(error && 'code' in error && error.code))
    })
    expect(await one.ask('GET', '/')).toMatchObject({ status: 200, body: 'done' })
    expect(errors).toEqual([
      'ERR_STREAM_WRITE_AFTER_END',
      'Cannot write: the response was ended',
      'ERR_STREAM_ALREADY_FINISHED',
    ])
    expect(one.logged).toEqual([expect.stringContaining('the response is finished')])
  })

  test('a body that does not match its Content-Length is never sent as if it did', async () => {
    const one = mounted((_request, response) => response.writeHead(200, { 'Content-Length': 3 }).end('four'))
    expect(await one.ask('GET', '/')).toMatchObject({ status: 500 })
    const other = mounted((_request, response) => {
      response.writeHead(200, { 'Content-Length': 3 })
      response.write('two')
      response.end('four')
    })
    await other.ask('GET', '/')
    expect([other.request.outcome, other.exchange.transport.connected]).toEqual(['aborted', false])
  })

  test('keeps the limits, deadlines and drain of its site', async () => {
    const echo: NodeListener = (request, response) => void pipeline(request, response, () => undefined)
    const long = mounted(echo, { maxBodyBytes: 10 })
    const chunked = ['Transfer-Encoding: chunked']
    await long.exchange.send(...requestPieces('POST', '/', [chunked]), 'b\r\nhello world\r\n0\r\n\r\n')
    expect(await long.response()).toMatchObject({ status: 413 })
    let events: string[] = []
    const slow = mounted((request, response) => void (events = record(request, response)), {
      responseTimeoutMs: 1_000,
    })
    await slow.exchange.send(...requestPieces('GET', '/'))
    slow.exchange.reactor.advance(1_200)
    expect(await slow.response()).toMatchObject({ status: 503 })
    expect(events).toContain('response close')
    let respond: () => void = () => undefined
    const draining = mounted((_request, response) => void (respond = () => response.end('last')))
    await draining.exchange.send(...requestPieces('GET', '/'))
    draining.exchange.transport.drain()
    respond()
    expect((await draining.response()).head).toContain('Connection: close')
  })

  test('timeouts that a program sets expire on the clock of the reactor', async () => {
    const timeouts: string[] = []
    const one = mounted((request, response) => {
      request.socket.setTimeout(1_000)
      response.setTimeout(1_000, () => {
        timeouts.push('response')
        response.end('late')
      })
    })
    await one.exchange.send(...requestPieces('GET', '/'))
    one.exchange.reactor.advance(1_200)
    expect(await one.response()).toMatchObject({ status: 200, body: 'late' })
    expect(timeouts).toEqual(['response'])
    const other = mounted((request) => void request.setTimeout(1_000))
    await other.exchange.send(...requestPieces('POST', '/', [['Content-Length: 9']]))
    other.exchange.reactor.advance(1_200)
    expect(await other.response()).toMatchObject({ status: 500 })
  })

  test('passes trailers both ways, and early hints', async () => {
    const sent: unknown[] = []
    const program = new NodeResource((request, response) => {
      response.writeEarlyHints({ link: ['</a.css>; rel=preload', '</b.js>; rel=preload'] }, () =>
        sent.push('hints'),
      )
      response.setHeader('Trailer', 'X-Sum')
      request.resume()
      request.on('end', () => {
        response.write('body')
        response.addTrailers({ 'X-Sum': request.trailers['x-sum'] ?? 'none' })
        response.end()
      })
    })
    const { render } = Object.getOwnPropertyDescriptors(NodeResource.prototype)
    program.render = (request) => {
      Object.defineProperties(request, {
        trailers: { value: Promise.resolve([['X-Sum', '7']]) },
        writeEarlyHints: { value: (links: unknown) => sent.push(links) },
        setTrailer: { value: (name: string, value: () => string) => sent.push(name, value) },
      })
      return render.value?.call(program, request) as ReturnType<NodeResource['render']>
    }
    const one = new Mounted(program)
    const { status, head, body } = await one.ask('POST', '/', [], 'some')
    expect({ status, body }).toEqual({ status: 200, body: 'body' })
    expect(head).not.toContain('Trailer')
    const [links, hints, name, value] = sent
    expect([links, hints, name]).toEqual([
      ['</a.css>; rel=preload', '</b.js>; rel=preload'],
      'hints',
      'X-Sum',
    ])
    expect((value as () => string)()).toBe('7')
  })

  test('passes an upgrade as an ordinary request: the site has the connection', async () => {
    const one = mounted((request, response) => response.end(request.headers.upgrade))
    const { status, body } = await one.ask('GET', '/', ['Connection: Upgrade', 'Upgrade: websocket'])
    expect({ status, body }).toEqual({ status: 200, body: 'websocket' })
  })

  test('middleware may replace writeHead, write and end', async () => {
    const one = mounted((_request, response) => {
      const { writeHead } = Object.getOwnPropertyDescriptors(response)
      Object.defineProperty(response, 'writeHead', {
        value: (code: number) => {
          response.setHeader('X-On-Headers', 'yes')
          return (writeHead.value as (code: number) => ServerResponse)(code)
        },
      })
      const end = response.end.bind(response)
      response.end = ((piece: string) => end(piece.toUpperCase())) as typeof response.end
      response.end('loud')
    })
    const { head, body } = await one.ask('GET', '/')
    expect(body).toBe('LOUD')
    expect(head).toContain('X-On-Headers: yes')
  })

  test('responds to HTTP/1.0 until the connection closes', async () => {
    const one = mounted((request, response) => {
      response.write(`${request.httpVersion} `)
      response.end('done')
    })
    await one.exchange.send('GET / HTTP/1.0\r\n\r\n')
    await one.request.finished
    expect(parsed(await one.exchange.received())).toMatchObject({ status: 200, body: '1.0 done' })
    expect(one.exchange.closed).toBe(true)
  })
})
