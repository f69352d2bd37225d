import { describe, expect, test } from 'vitest'
import { bodyLimit } from '../../src/resources.ts'
import type { Request } from '../../src/server/request.ts'
import { Clients, responding } from './client.ts'

const reading = responding(async ({ body }: Request) => `${(await body.bytes()).length}`)

describe('bodyLimit', () => {
  test('accepts a body at the limit, and refuses one beyond it', async () => {
    const clients = new Clients(bodyLimit(reading, { maxBytes: 5 }))
    expect((await clients.ask('/', { method: 'POST', body: '12345' })).body).toBe('5')
    expect((await clients.ask('/', { method: 'POST', body: '123456' })).status).toBe(413)
    expect((await clients.ask('/')).body).toBe('0')
  })

  test.each([
    ['5\r\n12345\r\n0\r\n\r\n', 200],
    ['5\r\n12345\r\n1\r\n6\r\n0\r\n\r\n', 413],
  ])('counts the bytes of a body in chunks: %j', async (chunks, status) => {
    const clients = new Clients(bodyLimit(reading, { maxBytes: 5 }))
    const pending = clients.begin('/', { method: 'POST', headers: ['Transfer-Encoding: chunked'] })
    await clients.reactor.settle()
    pending.transport.receive(chunks)
    expect((await pending.received()).status).toBe(status)
  })

  test('refuses before the client is asked for the body', async () => {
    const clients = new Clients(bodyLimit(reading, { maxBytes: 5 }))
    const pending = clients.begin('/', {
      method: 'POST',
      headers: ['Expect: 100-continue', 'Content-Length: 6'],
    })
    expect((await pending.received()).status).toBe(413)
  })

  test('has a required option', () => {
    expect(() => bodyLimit(reading, undefined as never)).toThrow('give an object, such as { maxBytes')
    expect(() => bodyLimit(reading, {} as never)).toThrow('Cannot take maxBytes undefined for bodyLimit')
    expect(() => bodyLimit(reading, { maxBytes: -1 })).toThrow(RangeError)
    expect(() => bodyLimit({} as never, { maxBytes: 1 })).toThrow('the resource of bodyLimit')
  })
})
