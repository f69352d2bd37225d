import { ConnectionDone, ConnectionLost, Protocol } from '@ropewalk/core'
import { StringTransport } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import type { Request } from '../../src/server/request.ts'
import { Resource } from '../../src/site/resource.ts'
import { Site } from '../../src/site/site.ts'
import { respondWithPath, Exchange, ok } from './http-exchange.ts'

const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`
const POST = (body: string, bytes: number = body.length): string =>
  `POST /post HTTP/1.1\r\nHost: h\r\nContent-Length: ${bytes}\r\n\r\n${body}`

const nothing = (): void => undefined

/** Sends `bytes`, then the client's FIN. By default, the program does not respond. */
async function leave(bytes: string, process: (request: Request) => unknown = nothing): Promise<Exchange> {
  const exchange = new Exchange(process)
  await exchange.send(bytes)
  exchange.transport.receiveEnd()
  await exchange.reactor.settle()
  return exchange
}

describe('a client that sends its FIN while its request is being processed', () => {
  test('aborts the signal at once, and still receives a response that is finished in time', async () => {
    const exchange = await leave(GET('/a'))
    const [request] = exchange.requests
    expect(request?.signal.reason).toBeInstanceOf(ConnectionDone)
    expect(request?.outcome).toBeUndefined()
    exchange.reactor.advance(4_900)
    respondWithPath(request!)
    expect(await request?.finished).toBe('complete')
    expect(await exchange.received()).toBe(ok('/a'))
    exchange.expectNothingLeft()
  })

  test('is aborted after departureGraceMs, and the request with it', async () => {
    const exchange = await leave(GET('/a'))
    const [request] = exchange.requests
    const { signal, finished } = request!
    exchange.reactor.advance(4_999)
    expect([exchange.transport.connected, request?.outcome]).toEqual([true, undefined])
    exchange.reactor.advance(101)
    expect(await finished).toBe('aborted')
    expect(signal.reason).toBeInstanceOf(ConnectionDone)
    expect([request?.write('late'), request?.finish()]).toEqual([false, undefined])
    expect(await exchange.received()).toBe('')
    expect(exchange.reactor.logged).toEqual([])
    exchange.expectNothingLeft()
  })

  test('receives a response that outlasts the grace, and is aborted once it stalls', async () => {
    const exchange = await leave(GET('/a'))
    const [request] = exchange.requests
    for (const piece of ['one', 'two', 'three']) {
      exchange.reactor.advance(4_900)
      expect(request?.write(piece)).toBe(true)
      await exchange.reactor.settle()
    }
    expect(exchange.transport.connected).toBe(true)
    exchange.reactor.advance(9_900)
    expect(await request?.finished).toBe('aborted')
    exchange.expectNothingLeft()
  })

  test('is not aborted while output is unsent, however long that takes', async () => {
    const exchange = await leave(GET('/a'))
    const [request] = exchange.requests
    exchange.transport.block()
    request?.write('x'.repeat(100_000))
    exchange.reactor.pump()
    exchange.reactor.advance(20_000)
    expect([exchange.transport.connected, request?.outcome]).toEqual([true, undefined])
    exchange.transport.unblock()
    await exchange.reactor.settle()
    request?.finish()
    expect(await request?.finished).toBe('complete')
    exchange.expectNothingLeft()
  })

  test('is aborted after the given departureGraceMs', async () => {
    const exchange = new Exchange(nothing, { departureGraceMs: 300 })
    await exchange.send(GET('/a'))
    exchange.transport.receiveEnd()
    exchange.reactor.advance(400)
    expect(exchange.requests[0]?.outcome).toBe('aborted')
    exchange.expectNothingLeft()
  })

  test('is noticed after up to 64 KiB of pipelined requests', async () => {
    const line = GET(`/${'x'.repeat(1000)}`)
    const exchange = await leave(GET('/a') + line.repeat(Math.floor(65_000 / line.length)))
    expect(exchange.requests.length).toBe(1)
    expect(exchange.requests[0]?.signal.aborted).toBe(true)
    exchange.reactor.advance(5_100)
    expect(exchange.requests.length).toBe(1)
    exchange.expectNothingLeft()
  })

  test('is read at most 64 KiB ahead, and read on once its first request has its response', async () => {
    const exchange = new Exchange((request) => {
      if (request.path !== '/a') respondWithPath(request)
    })
    const calls: string[] = []
    const { transport } = exchange
    transport.pauseProducing = () =>
      calls.push('pause') && StringTransport.prototype.pauseProducing.call(transport)
    transport.resumeProducing = () =>
      calls.push('resume') && StringTransport.prototype.resumeProducing.call(transport)
    const pipelined = GET('/').repeat(3000)
    await exchange.send(GET('/a'), pipelined.slice(0, 65_535))
    expect(calls).toEqual([])
    await exchange.send(pipelined.slice(65_535, 65_536))
    expect(calls).toEqual(['pause'])
    respondWithPath(exchange.requests[0]!)
    await exchange.reactor.settle()
    expect(calls).toEqual(['pause', 'resume'])
  })

  test('receives the response to each of its requests, each within its own grace', async () => {
    const exchange = await leave(GET('/1') + GET('/2') + POST('body') + GET('/4'))
    for (let at = 0; at < 4; at++) {
      expect(exchange.requests.length).toBe(at + 1)
      const request = exchange.requests[at]!
      expect(request.signal.reason).toBeInstanceOf(ConnectionDone)
      exchange.reactor.advance(4_000)
      respondWithPath(request)
      await exchange.reactor.settle()
    }
    expect(await exchange.received()).toBe(ok('/1') + ok('/2') + ok('/post') + ok('/4'))
    exchange.expectNothingLeft()
  })

  test('receives the responses that a program finishes when the signal fires', async () => {
    const count = 3000
    const exchange = await leave(GET('/').repeat(count).slice(0, 65_000), (request) => {
      request.signal.addEventListener('abort', () => request.finish('bye'))
    })
    expect(exchange.requests.length).toBe(Math.floor(65_000 / GET('/').length))
    expect((await exchange.received()).match(/200 OK/g)?.length).toBe(exchange.requests.length)
    expect(exchange.closed).toBe(true)
    exchange.expectNothingLeft()
  })

  test('receives no more responses once one was not finished in time', async () => {
    const exchange = await leave(GET('/1') + GET('/2'))
    exchange.reactor.advance(5_100)
    exchange.requests[0]?.finish('late')
    await exchange.reactor.settle()
    expect([exchange.requests.length, await exchange.received()]).toEqual([1, ''])
    exchange.expectNothingLeft()
  })

  test('is noticed after a complete body, whether or not the body was read', async () => {
    const read = await leave(POST('body'), async (request) => {
      await request.body.text()
    })
    expect(read.requests[0]?.signal.aborted).toBe(true)
    const unread = await leave(POST('body'))
    const [request] = unread.requests
    expect(request?.signal.reason).toBeInstanceOf(ConnectionDone)
    expect(await request?.body.text()).toBe('body')
    respondWithPath(request!)
    expect(await unread.received()).toBe(ok('/post'))
    unread.expectNothingLeft()
  })

  test('is refused with 400 after an incomplete body, whether or not the body was being read', async () => {
    for (const process of [nothing, (request: Request): void => void request.body.text()]) {
      const exchange = await leave(POST('half', 100), process)
      const [request] = exchange.requests
      expect(request?.signal.reason).toMatchObject({ violation: 'truncated' })
      expect(await request?.finished).toBe('aborted')
      expect(request?.body.arriving).toBe(false)
      expect(await exchange.received()).toMatch(/^HTTP\/1\.1 400 [^]*Connection: close/)
      exchange.expectNothingLeft()
    }
  })

  test('is noticed while a generator sleeps between its pieces', async () => {
    const root = new (class extends Resource {
      override readonly isLeaf = true
      override async *render_GET(request: Request): AsyncGenerator<string> {
        yield 'first'
        await new Promise((resolve) => request.reactor.callLater(60_000, resolve, undefined))
        yield 'second'
      }
    })()
    const exchange = Exchange.of(new Site(root))
    await exchange.send(GET('/'))
    exchange.transport.receiveEnd()
    expect(exchange.requests[0]?.signal.aborted).toBe(true)
    exchange.reactor.advance(5_100)
    expect(await exchange.requests[0]?.finished).toBe('aborted')
    expect(exchange.transport.connected).toBe(false)
    exchange.reactor.advance(60_000)
    await exchange.reactor.settle()
    exchange.expectNothingLeft()
  })

  test('is noticed while a resource looks for its child, and while a render method works', async () => {
    const never = new Promise<never>(nothing)
    class Waiting extends Resource {
      override getChild(): Promise<Resource> {
        return never
      }
      override render_GET(): Promise<string> {
        return never
      }
    }
    for (const path of ['/', '/child']) {
      const exchange = Exchange.of(new Site(new Waiting()))
      await exchange.send(GET(path))
      exchange.transport.receiveEnd()
      expect(exchange.requests[0]?.signal.aborted, path).toBe(true)
      exchange.reactor.advance(5_100)
      expect(await exchange.requests[0]?.finished).toBe('aborted')
      exchange.expectNothingLeft()
    }
  })

  test('may still be switched in time to a protocol, which receives the bytes and the end', async () => {
    const seen: string[] = []
    class Raw extends Protocol {
      override dataReceived(data: Buffer): void {
        seen.push(data.toString())
      }
      readConnectionLost(): void {
        seen.push('end')
        this.transport.loseConnection()
      }
    }
    const exchange = await leave(
      'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\nearly',
    )
    const [request] = exchange.requests
    expect(request?.signal.aborted).toBe(true)
    expect(request?.upgrade(new Raw(), { protocol: 'raw' })).toBe(true)
    await exchange.reactor.settle()
    expect(seen).toEqual(['early', 'end'])
    expect(await request?.finished).toBe('upgraded')
    exchange.expectNothingLeft()
    const late = await leave('GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n')
    late.reactor.advance(5_100)
    expect(late.requests[0]?.upgrade(new Raw(), { protocol: 'raw' })).toBe(false)
    late.expectNothingLeft()
  })

  test('causes no log when the program stops its work because of the signal', async () => {
    const causes: ((request: Request) => Promise<void>)[] = [
      async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        signal.throwIfAborted()
      },
      async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        throw new Error('Stopped', { cause: signal.reason })
      },
      async ({ signal }) => {
        const own = new AbortController()
        signal.addEventListener('abort', () => own.abort())
        await new Promise((_, reject) =>
          own.signal.addEventListener('abort', () => reject(own.signal.reason)),
        )
      },
    ]
    for (const process of causes) {
      const exchange = await leave(GET('/'), process)
      expect(await exchange.requests[0]?.finished).toBe('aborted')
      expect(exchange.reactor.logged).toEqual([])
      expect(await exchange.received()).toBe('')
      exchange.expectNothingLeft()
    }
  })

  test('is sent a 500 when the program fails for another reason', async () => {
    const exchange = await leave(GET('/a'))
    exchange.requests[0]?.processingFailed(new Error('broken'))
    expect(await exchange.received()).toMatch(/^HTTP\/1\.1 500 /)
    exchange.expectNothingLeft()
  })
})

describe('a client that resets the connection', () => {
  test('ends the request at once, also after pipelined requests', async () => {
    const exchange = new Exchange(nothing)
    await exchange.send(GET('/a') + GET('/b').repeat(1000))
    const [request] = exchange.requests
    exchange.transport.receiveReset()
    expect(request?.signal.reason).toBeInstanceOf(ConnectionLost)
    expect(await request?.finished).toBe('aborted')
    expect(exchange.requests.length).toBe(1)
    exchange.expectNothingLeft()
  })

  test('ends the grace, and keeps the reason of the signal', async () => {
    const exchange = await leave(GET('/a'))
    const [request] = exchange.requests
    exchange.transport.receiveReset()
    expect(await request?.finished).toBe('aborted')
    expect(request?.signal.reason).toBeInstanceOf(ConnectionDone)
    exchange.expectNothingLeft()
  })
})
