import { describe, expect, test } from 'vitest'
import { HTTPFactory } from '../../src/server/http-factory.ts'
import { respondWithPath, Exchange } from './http-exchange.ts'

class Responding extends HTTPFactory {
  override process = respondWithPath
}

describe('HTTPFactory', () => {
  test('sends a current Date in every response, also in a refusal', async () => {
    const exchange = new Exchange(respondWithPath)
    const date = async (request: string): Promise<string | undefined> => {
      exchange.transport.receive(request)
      await exchange.reactor.settle()
      const found = /Date: ([^\r]*)\r\n/.exec(exchange.transport.value())?.[1]
      exchange.transport.clear()
      return found
    }
    expect(await date('GET / HTTP/1.1\r\nHost: h\r\n\r\n')).toBe('Thu, 01 Jan 2026 00:00:00 GMT')
    exchange.reactor.advance(2500)
    expect(await date('GET / HTTP/1.1\r\nHost: h\r\n\r\n')).toBe('Thu, 01 Jan 2026 00:00:02 GMT')
    expect(await date('BAD\r\n')).toBe('Thu, 01 Jan 2026 00:00:02 GMT')
  })

  test('formats the line only when the second has changed', () => {
    const factory = new Responding()
    expect(factory.dateLine(999)).toBe('Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n')
    expect(factory.dateLine(1000)).toBe('Date: Thu, 01 Jan 1970 00:00:01 GMT\r\n')
    expect(factory.dateLine(784_111_777_999)).toBe('Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n')
  })

  test('accepts limits and deadlines', async () => {
    const exchange = new Exchange(respondWithPath, { maxRequestLineBytes: 20, idleTimeoutMs: 500 })
    await exchange.send('GET /aaaaaaaaaaaaaaaaaaaaaaaaaaa')
    expect(await exchange.received()).toMatch(/^HTTP\/1\.1 414 /)
    const idle = new Exchange(respondWithPath, { idleTimeoutMs: 500 })
    idle.reactor.advance(500)
    expect(idle.closed).toBe(true)
  })
})
