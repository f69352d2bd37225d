import { EventEmitter, on } from 'node:events'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { WebSocketClosed } from '../../src/connection/websocket-connection.ts'
import type { WebSocketOptions } from '../../src/connection/websocket-options.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { openExchange } from '../pending-protocol.ts'
import { closing, frame } from '../websocket-exchange.ts'
import { framesOf, outline } from './sent-frames.ts'

class Sender extends WebSocketProtocol {
  readonly closed: WebSocketClosed[] = []
  override connectionLost(reason: WebSocketClosed): void {
    this.closed.push(reason)
  }
}

async function open(options: Partial<WebSocketOptions> = {}) {
  const protocol = new Sender()
  const exchange = await openExchange(protocol, options)
  return { exchange, transport: protocol.transport, protocol }
}

/** A source whose pieces the test gives one by one. */
class Given implements AsyncIterableIterator<string> {
  released = false
  asked = 0
  #next: ((result: IteratorResult<string>) => void) | undefined

  next(): Promise<IteratorResult<string>> {
    this.asked++
    return new Promise((resolve) => (this.#next = resolve))
  }
  return(): Promise<IteratorResult<string>> {
    this.released = true
    return Promise.resolve({ done: true, value: undefined })
  }
  [Symbol.asyncIterator](): this {
    return this
  }
  give(value: string): void {
    this.#next?.({ done: false, value })
  }
  end(): void {
    this.#next?.({ done: true, value: undefined })
  }
}

describe('sendMessage', () => {
  test('sends each piece as it comes, and an empty frame at the end', async () => {
    const { exchange, transport } = await open()
    const source = new Given()
    const sent = transport.sendMessage(source, { kind: 'text' })
    await exchange.reactor.settle()
    source.give('one')
    expect(outline(await exchange.received())).toBe('1- one')
    source.give('two')
    expect(outline(await exchange.received())).toBe('0- two')
    source.end()
    expect(outline(await exchange.received())).toBe('0')
    expect(await sent).toBe('sent')
  })

  test('splits pieces longer than frameBytes, and sends an empty source as an empty message', async () => {
    const { exchange, transport } = await open()
    void transport.sendMessage(['abcdef', Buffer.from('g')], { frameBytes: 4 })
    void transport.sendMessage([])
    expect(outline(await exchange.received())).toBe('2- abcd, 0- ef, 0- g, 0, 2')
  })

  test('lets other messages wait for their turn, but not pings', async () => {
    const { exchange, transport } = await open()
    const source = new Given()
    transport.sendTextMessage('before')
    void transport.sendMessage(source)
    expect(transport.sendTextMessage('after')).toBe('queued')
    const second = transport.sendMessage(['second'])
    const patient = transport.send('patient')
    await exchange.reactor.settle()
    source.give('piece')
    await exchange.reactor.settle()
    transport.ping()
    await exchange.send(frame(9, '?'))
    source.end()
    expect(outline(await exchange.received())).toBe(
      '1 before, 2- piece, 9, a ?, 0, 1 after, 2- second, 0, 1 patient',
    )
    expect([await second, await patient]).toEqual(['sent', 'sent'])
  })

  test('reads the source only as fast as the client reads', async () => {
    const { exchange, transport } = await open()
    let given = 0
    function* pieces() {
      for (; given < 100; given++) yield Buffer.alloc(20_000)
    }
    exchange.transport.block()
    const sent = transport.sendMessage(pieces())
    await exchange.reactor.settle()
    expect(given).toBeLessThan(6)
    expect(transport.bufferedBytes).toBeLessThan(100_000)
    exchange.transport.unblock()
    await exchange.reactor.settle()
    expect(await sent).toBe('sent')
    expect(given).toBe(100)
  })

  test('keeps characters whole that pieces of text cut, and refuses what is not UTF-8', async () => {
    const { exchange, transport } = await open()
    const [high = '', low = ''] = '😀'.split('')
    await transport.sendMessage([`a${high}`, `${low}b`, high, low, high, 'x'], { kind: 'text' })
    const text = Buffer.concat(framesOf(await exchange.received()).map(({ payload }) => payload)).toString()
    expect(text).toBe('a😀b😀\ufffdx')
    const bytes = Buffer.from('é')
    await transport.sendMessage([bytes.subarray(0, 1), bytes.subarray(1)], { kind: 'text' })
    expect(Buffer.concat(framesOf(await exchange.received()).map(({ payload }) => payload)).toString()).toBe(
      'é',
    )
    await expect(transport.sendMessage([bytes.subarray(0, 1)], { kind: 'text' })).rejects.toThrow(TypeError)
  })

  test.each([
    ['an error', new Error('no more')],
    ['a piece that is not bytes', undefined],
  ])('closes with 1011 when the source gives %s, and rejects', async (_, error) => {
    const { exchange, transport } = await open()
    async function* failing(): AsyncGenerator<string> {
      yield 'one'
      if (error !== undefined) throw error
      yield 5 as never
    }
    await expect(transport.sendMessage(failing())).rejects.toThrow(error ?? TypeError)
    transport.sendTextMessage('late')
    expect(outline(await exchange.received())).toBe('2- one, 8 \u0003\ufffd')
    expect(exchange.reactor.logged).toEqual([])
  })

  test('logs the error of a source when the promise is not awaited', async () => {
    const { exchange, transport } = await open()
    const source = {
      [Symbol.asyncIterator]: (): never => {
        throw new Error('no iterator')
      },
    }
    void transport.sendMessage(source)
    await exchange.reactor.settle()
    expect(exchange.reactor.flushLoggedErrors()).toMatchObject([{ message: 'no iterator' }])
    expect(transport.open).toBe(false)
  })

  test.each([
    ['a reset', (exchange: Exchange) => exchange.transport.receiveReset()],
    ["the peer's close frame", (exchange: Exchange) => exchange.send(frame(8, closing(1000)))],
    ["the peer's FIN", (exchange: Exchange) => exchange.transport.receiveEnd()],
  ])('releases the source and resolves with dropped after %s', async (_, end) => {
    const { exchange, transport } = await open()
    const source = new Given()
    const sent = transport.sendMessage(source)
    const waiting = transport.sendMessage(new Given())
    await exchange.reactor.settle()
    await Promise.resolve(end(exchange))
    await exchange.reactor.settle()
    expect([await sent, await waiting]).toEqual(['dropped', 'dropped'])
    expect(source.released).toBe(true)
    source.give('late')
    await exchange.reactor.settle()
    expect(await transport.sendMessage(['late'])).toBe('dropped')
  })

  test.each([
    ['while a piece is awaited', 1],
    ['before its turn', 2],
    ['when the WebSocket has closed before', 0],
  ])('cancels a web stream %s', async (_, before) => {
    const { exchange, transport } = await open()
    const cancelled: unknown[] = []
    const source = new ReadableStream<string>({
      pull: () => new Promise(() => undefined),
      cancel: (reason) => void cancelled.push(reason),
    })
    if (before === 0) transport.loseConnection()
    if (before === 2) void transport.sendMessage(new Given())
    const sent = transport.sendMessage(source)
    await exchange.reactor.settle()
    exchange.transport.receiveReset()
    expect(await sent).toBe('dropped')
    expect(cancelled).toHaveLength(1)
  })

  test('leaves a web stream that it has read to its end unlocked', async () => {
    const { exchange, transport } = await open()
    const source = new Blob(['abc']).stream()
    await transport.sendMessage(source)
    expect(outline(await exchange.received())).toBe('2- abc, 0')
    expect(source.locked).toBe(false)
  })

  test('releases an iterator whose turn never came', async () => {
    const { exchange, transport } = await open()
    void transport.sendMessage(new Given())
    const emitter = new EventEmitter()
    const sent = transport.sendMessage(on(emitter, 'piece') as AsyncIterableIterator<string>)
    expect(emitter.listenerCount('piece')).toBe(1)
    exchange.transport.receiveReset()
    expect(await sent).toBe('dropped')
    expect(emitter.listenerCount('piece')).toBe(0)
  })

  test('destroys a Node stream that waits for its next piece', async () => {
    const { exchange, transport } = await open()
    const source = new Readable({ read: () => undefined })
    const sent = transport.sendMessage(source)
    await exchange.reactor.settle()
    exchange.transport.receiveReset()
    expect(await sent).toBe('dropped')
    expect(source.destroyed).toBe(true)
  })

  test('lets loseConnection wait for the message, and for those after it', async () => {
    const { exchange, transport, protocol } = await open()
    const source = new Given()
    void transport.sendMessage(source)
    transport.sendTextMessage('after')
    transport.loseConnection(4000)
    await exchange.reactor.settle()
    for (let times = 0; times < 3; times++) {
      exchange.reactor.advance(4000)
      source.give('piece')
      await exchange.reactor.settle()
    }
    source.end()
    expect(outline(await exchange.received())).toBe(
      '2- piece, 0- piece, 0- piece, 0, 1 after, 8 \u000f\ufffd',
    )
    await exchange.send(frame(8, closing(4000)))
    exchange.transport.receiveEnd()
    await exchange.reactor.settle()
    expect(protocol.closed).toMatchObject([{ wasClean: true, sentCode: 4000 }])
  })

  test('closes without the message when its next piece does not come within closeTimeoutMs', async () => {
    const { exchange, transport } = await open()
    const source = new Given()
    const sent = transport.sendMessage(source)
    await exchange.reactor.settle()
    source.give('piece')
    await exchange.reactor.settle()
    transport.loseConnection(4000)
    exchange.reactor.advance(4900)
    expect(source.released).toBe(false)
    exchange.reactor.advance(300)
    await exchange.reactor.settle()
    expect(source.released).toBe(true)
    expect(await sent).toBe('dropped')
    expect(outline(await exchange.received())).toBe('2- piece, 8 \u000f\ufffd')
    exchange.reactor.advance(5200)
    expect(exchange.transport.connected).toBe(false)
  })

  test('does not count the time in which the client reads slowly as that of the source', async () => {
    const { exchange, transport } = await open()
    exchange.transport.block()
    const sent = transport.sendMessage(Array.from({ length: 10 }, () => Buffer.alloc(60_000)))
    await exchange.reactor.settle()
    transport.loseConnection()
    const received: Buffer[] = []
    for (let times = 0; times < 12; times++) {
      exchange.reactor.advance(10_000)
      await exchange.reactor.settle()
      exchange.transport.unblock()
      exchange.transport.block()
      received.push(await exchange.received())
    }
    expect(await sent).toBe('sent')
    const frames = framesOf(Buffer.concat(received))
    expect(frames.map(({ opcode }) => opcode)).toEqual([2, ...Array<number>(10).fill(0), 8])
  })

  test('checks its arguments', async () => {
    const { transport } = await open()
    expect(() => transport.sendMessage('text' as never)).toThrow(TypeError)
    expect(() => transport.sendMessage(Buffer.of(1) as never)).toThrow(TypeError)
    expect(() => transport.sendMessage([], { frameBytes: 0 })).toThrow(RangeError)
    expect(() => transport.sendMessage([], { kind: 'binary' as never })).toThrow(RangeError)
    expect(() => transport.sendMessage([], { frames: 5 } as never)).toThrow('frameBytes')
  })
})

describe('send', () => {
  test('resolves when there is room for the next message', async () => {
    const { exchange, transport } = await open()
    expect(await transport.send('at once')).toBe('sent')
    exchange.transport.block()
    const order: string[] = []
    void transport.send(Buffer.alloc(100_000)).then((status) => order.push(`first ${status}`))
    void transport.send('second').then((status) => order.push(`second ${status}`))
    await exchange.reactor.settle()
    expect(order).toEqual([])
    exchange.transport.unblock()
    await exchange.reactor.settle()
    expect(order.toSorted()).toEqual(['first sent', 'second sent'])
    expect(framesOf(await exchange.received()).map(({ opcode }) => opcode)).toEqual([1, 2, 1])
  })

  test('is not dropped for others, and keeps its place', async () => {
    const { exchange, transport } = await open({ maxQueuedBytes: 70_000, whenFull: 'drop-oldest' })
    exchange.transport.block()
    transport.sendBytesMessage(Buffer.alloc(69_000))
    const patient = transport.send('p'.repeat(50_000))
    transport.sendTextMessage('a'.repeat(2000))
    transport.sendTextMessage('b')
    exchange.transport.unblock()
    const frames = framesOf(await exchange.received()).slice(1)
    expect(frames.map(({ payload }) => payload.subarray(0, 1).toString())).toEqual(['p', 'b'])
    expect(await patient).toBe('sent')
  })

  test('resolves with dropped when the WebSocket is closed or lost before', async () => {
    const { exchange, transport } = await open()
    exchange.transport.block()
    transport.sendBytesMessage(Buffer.alloc(100_000))
    const waiting = transport.send('waits')
    exchange.transport.receiveReset()
    expect(await waiting).toBe('dropped')
    expect(await transport.send('late')).toBe('dropped')
  })

  test('closes with 1013 when more than 16 MiB wait because the promises are not awaited', async () => {
    const { exchange, transport } = await open()
    exchange.transport.block()
    const promises: Promise<string>[] = []
    for (let count = 0; count < 40 && transport.open; count++)
      promises.push(transport.send(Buffer.alloc(1_000_000)))
    expect(transport.open).toBe(false)
    expect(promises.length).toBeLessThan(20)
    exchange.transport.unblock()
    await exchange.reactor.settle()
    expect(new Set(await Promise.all(promises))).toEqual(new Set(['sent', 'dropped']))
  })

  test('refuses other values', async () => {
    const { transport } = await open()
    await expect(transport.send(5 as never)).rejects.toThrow(TypeError)
  })
})

type Exchange = Awaited<ReturnType<typeof open>>['exchange']
