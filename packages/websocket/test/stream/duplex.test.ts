import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, expect, test } from 'vitest'
import { duplexOf } from '../../src/stream.ts'
import { type ConnectedSockets, connectedSockets } from '../connected-sockets.ts'

/** Records how a stream ends. */
function watched<S extends Readable>(stream: S): { stream: S; events: string[] } {
  const events: string[] = []
  for (const name of ['end', 'finish', 'close']) stream.on(name, () => events.push(name))
  stream.on('error', (error: Error) => events.push(error.name))
  return { stream, events }
}

describe('duplexOf', () => {
  test('sends each chunk as a message, and reads messages as bytes', async () => {
    const { client, server, until } = await connectedSockets()
    const stream = duplexOf(client)
    stream.write('one')
    stream.write(Buffer.from('two'))
    const received: unknown[] = []
    for (let count = 0; count < 2; count++) void server.receive().then((message) => received.push(message))
    await until(() => received.length === 2)
    expect(received).toEqual([Buffer.from('one'), Buffer.from('two')])
    void server.send('')
    void server.send('é')
    void server.send(Buffer.from('b'))
    let read = ''
    stream.on('data', (data: Buffer) => (read += data.toString()))
    await until(() => read === 'éb')
  })

  test('sends text that is cut within a character', async () => {
    const { client, server, until } = await connectedSockets()
    const stream = duplexOf(client, { kind: 'text' })
    const [first, second] = [Buffer.from('aé').subarray(0, 2), Buffer.from('aé').subarray(2)]
    stream.write(first)
    stream.write(second)
    stream.end(second.subarray(0, 0))
    const received: unknown[] = []
    void (async () => {
      for await (const message of server) received.push(message)
      received.push('end')
    })()
    await until(() => received.length === 3)
    expect(received).toEqual(['a', 'é', 'end'])
  })

  test('keeps messages apart in objectMode, with their kinds', async () => {
    const { client, server, until } = await connectedSockets()
    const stream = duplexOf(client, { objectMode: true })
    stream.write('text')
    stream.write(Buffer.from('bytes'))
    stream.write('')
    const received: unknown[] = []
    for (let count = 0; count < 3; count++) void server.receive().then((message) => received.push(message))
    await until(() => received.length === 3)
    expect(received).toEqual(['text', Buffer.from('bytes'), ''])
    for (const message of ['a', Buffer.from('b'), '', 'c']) void server.send(message)
    const read: unknown[] = []
    stream.on('data', (message) => read.push(message))
    await until(() => read.length === 4)
    expect(read).toEqual(['a', Buffer.from('b'), '', 'c'])
  })

  test('has backpressure in both directions', async () => {
    const { client, server, until, reactor } = await connectedSockets()
    const near = duplexOf(client)
    const far = duplexOf(server)
    const piece = Buffer.alloc(50_000, 'x')
    let given = 0
    const source = Readable.from(
      (function* () {
        for (; given < 200; given++) yield piece
      })(),
      { objectMode: false },
    )
    const sent = pipeline(source, near)
    await until(() => given > 1)
    for (let turns = 0; turns < 100; turns++) await until(() => true)
    await reactor.settle()
    expect(given).toBeLessThan(30)
    let read = 0
    far.on('data', (data: Buffer) => (read += data.length))
    far.on('end', () => far.end())
    await until(() => read === 200 * 50_000)
    expect(server.transport.bufferedBytes + client.transport.bufferedBytes).toBeLessThan(1000)
    let finished = false
    void sent.then(() => (finished = true))
    await until(() => finished)
    expect((await client.closed).code).toBe(1000)
  })

  test('ends in both directions when the peer closes', async () => {
    const { client, server, until } = await connectedSockets()
    const { stream, events } = watched(duplexOf(client))
    stream.resume()
    await server.send('last')
    void server.close(1001)
    await until(() => events.includes('close'))
    expect(events).toEqual(['end', 'finish', 'close'])
    expect(await client.closed).toMatchObject({ code: 1001, wasClean: true })
  })

  test('closes with 1000 at end(), after what was written', async () => {
    const { client, server, until } = await connectedSockets()
    const { stream, events } = watched(duplexOf(client))
    stream.resume()
    stream.end('last')
    const received: unknown[] = []
    void (async () => {
      for await (const message of server) received.push(message)
    })()
    await until(() => events.includes('close'))
    expect(received).toEqual([Buffer.from('last')])
    expect(events.toSorted()).toEqual(['close', 'end', 'finish'])
    expect(await server.closed).toMatchObject({ code: 1000, closedBy: 'peer', wasClean: true })
  })

  test.each([
    ['the peer closes with an error', (end: Ends) => void end.server.close(1011), 'ConnectionLost'],
    ['the connection is reset', (end: Ends) => end.server.transport.abortConnection(), 'ConnectionLost'],
  ])('fails when %s', async (_, end, name) => {
    const sockets = await connectedSockets()
    const { stream, events } = watched(duplexOf(sockets.client))
    stream.resume()
    end(sockets)
    await sockets.until(() => events.includes('close'))
    expect(events).toEqual([name, 'close'])
  })

  test('fails a write after the WebSocket is gone', async () => {
    const { client, server, until } = await connectedSockets()
    const { stream, events } = watched(duplexOf(client))
    server.transport.abortConnection()
    await until(() => !client.transport.open)
    stream.write('late')
    await until(() => events.includes('close'))
    expect(events).toEqual(['ConnectionAborted', 'close'])
  })

  test('closes at destroy(), and resets with an error', async () => {
    const first = await connectedSockets()
    duplexOf(first.client).destroy()
    await first.reactor.settle()
    expect(await first.server.closed).toMatchObject({ code: 1000, wasClean: true })
    const second = await connectedSockets()
    const { stream, events } = watched(duplexOf(second.client))
    stream.destroy(new TypeError('wrong'))
    await second.until(() => events.includes('close'))
    expect(events).toEqual(['TypeError', 'close'])
    expect(await second.server.closed).toMatchObject({ code: 1006, wasClean: false })
  })

  test('refuses other arguments', async () => {
    const { client } = await connectedSockets()
    expect(() => duplexOf({} as never)).toThrow('give a ConnectedWebSocket')
    expect(() => duplexOf(client, { kind: 'json' as never })).toThrow(RangeError)
    expect(() => duplexOf(client, { object: true } as never)).toThrow('objectMode')
  })
})

type Ends = ConnectedSockets
