import { Protocol } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { respondWithPath, Exchange, ok } from './http-exchange.ts'

const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`
const CLOSE = 'Connection: close\r\n'

const nothing = (): void => undefined

describe('HTTPChannel.drain', () => {
  test('finishes the request in progress with Connection: close, and processes none after it', async () => {
    const exchange = new Exchange(nothing)
    await exchange.send(GET('/a') + GET('/b'))
    exchange.transport.drain()
    exchange.reactor.advance(30_000)
    expect(exchange.closed).toBe(false)
    respondWithPath(exchange.requests[0]!)
    expect(await exchange.received()).toBe(ok('/a', CLOSE))
    expect(exchange.requests.length).toBe(1)
    exchange.expectNothingLeft()
  })

  test('accepts one more request on an idle or new connection within drainGraceMs, then closes', async () => {
    for (const before of ['', GET('/before')]) {
      const exchange = new Exchange(respondWithPath)
      await exchange.send(before)
      await exchange.received()
      exchange.transport.drain()
      exchange.reactor.advance(999)
      await exchange.send(GET('/last') + GET('/never'))
      expect(await exchange.received()).toBe(ok('/last', CLOSE))
      exchange.expectNothingLeft()
    }
  })

  test('closes an idle connection after drainGraceMs, without a response', async () => {
    for (const drainGraceMs of [1000, 0, 5000]) {
      const exchange = new Exchange(respondWithPath, drainGraceMs === 1000 ? {} : { drainGraceMs })
      exchange.transport.drain()
      if (drainGraceMs > 0) {
        exchange.reactor.advance(drainGraceMs - 1)
        expect(exchange.closed).toBe(false)
      }
      exchange.reactor.advance(101)
      expect([exchange.closed, await exchange.received()]).toEqual([true, ''])
      exchange.expectNothingLeft()
    }
  })

  test('accepts the rest of a begun head within drainGraceMs, and responds 408 after that', async () => {
    const exchange = new Exchange(respondWithPath)
    await exchange.send('GET /a HTTP/1.1\r\nHo')
    exchange.reactor.advance(30_000)
    exchange.transport.drain()
    exchange.reactor.advance(900)
    await exchange.send('st: h\r\n\r\n')
    expect(await exchange.received()).toBe(ok('/a', CLOSE))
    exchange.expectNothingLeft()
    const late = new Exchange(respondWithPath)
    late.transport.drain()
    late.reactor.advance(900)
    await late.send('GET /a HTTP/1.1\r\nHo')
    late.reactor.advance(900)
    expect(late.closed).toBe(false)
    late.reactor.advance(200)
    expect(await late.received()).toMatch(/^HTTP\/1\.1 408 /)
    late.expectNothingLeft()
  })

  test('responds to one more request after a response that had begun without Connection: close', async () => {
    const exchange = new Exchange((request) => {
      if (request.path === '/last') return respondWithPath(request)
      request.write('begun')
    })
    await exchange.send(GET('/begun'))
    await exchange.received()
    exchange.transport.drain()
    exchange.requests[0]?.finish()
    expect(await exchange.received()).toBe('0\r\n\r\n')
    expect(exchange.closed).toBe(false)
    await exchange.send(GET('/last'))
    expect(await exchange.received()).toBe(ok('/last', CLOSE))
    exchange.expectNothingLeft()
  })

  test('counts drainGraceMs from the end of an unread body that is being discarded', async () => {
    const exchange = new Exchange(respondWithPath)
    await exchange.send('POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n')
    exchange.transport.drain()
    exchange.reactor.advance(2000)
    expect(exchange.closed).toBe(false)
    await exchange.send('abc')
    exchange.reactor.advance(999)
    expect(exchange.closed).toBe(false)
    exchange.reactor.advance(101)
    expect(exchange.closed).toBe(true)
    exchange.expectNothingLeft()
  })

  test('resolves once the channel has closed, and returns the same promise for every call', async () => {
    const exchange = new Exchange(nothing)
    await exchange.send(GET('/a'))
    const drained = exchange.channel.drain()
    expect(exchange.channel.drain()).toBe(drained)
    let settled = false
    void drained?.then(() => (settled = true))
    await exchange.reactor.settle()
    expect(settled).toBe(false)
    exchange.transport.receiveReset()
    await drained
    expect(exchange.channel.drain()).toBe(drained)
    exchange.expectNothingLeft()
  })

  test('leaves a connection to the protocol that it was switched to', async () => {
    const drained: string[] = []
    class Raw extends Protocol {
      drain(): void {
        drained.push('raw')
      }
    }
    const exchange = new Exchange((request) => void request.upgrade(new Raw(), { protocol: 'raw' }))
    exchange.transport.drain()
    await exchange.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n')
    expect(await exchange.received()).toMatch(/^HTTP\/1\.1 101 /)
    expect(drained).toEqual(['raw'])
    exchange.expectNothingLeft()
  })
})
