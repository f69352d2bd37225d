import { getEventListeners } from 'node:events'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { HalfCloseRecorder, Recorder } from '../../src/checks/transport-harness.ts'
import {
  ConnectionAborted,
  ConnectionDone,
  NotConnectedError,
  type Pipeable,
  producerFrom,
} from '../../src/index.ts'
import { connectedPair, StringTransport } from '../../src/testing.ts'
import { piecesOf, swallowIfClosed, whyClosed } from '../../src/transport/sending.ts'

const options = { highWaterBytes: 4, lowWaterBytes: 2 }

describe('Sender', () => {
  test('writes at once while the queue has space', () => {
    const transport = StringTransport.connect(new Recorder(), { options })
    void transport.send('ab')
    transport.write('-')
    void transport.send('c')
    expect(transport.value()).toBe('ab-c')
  })

  test('serves concurrent calls in order, each when the queue has space again', async () => {
    const transport = StringTransport.connect(new Recorder(), { options })
    const served: number[] = []
    transport.block()
    const all = ['1', '2', '3'].map(async (digit) => {
      await transport.send(digit.repeat(5))
      served.push(Number(digit))
    })
    await transport.reactor.settle()
    expect([transport.value(), transport.bufferedBytes, served]).toEqual(['11111', 5, []])
    transport.unblock()
    const late = transport.send('4')
    await transport.reactor.settle()
    await Promise.all([...all, late])
    expect([transport.value(), served]).toEqual(['1111122222333334', [1, 2, 3]])
    void transport.send('5')
    expect(transport.value()).toMatch(/45$/)
  })

  test('rejects all waiting calls with the reason when the connection ends', async () => {
    const protocol = new Recorder()
    const transport = StringTransport.connect(protocol, { options })
    transport.block()
    const waiting = [transport.send('12345'), transport.send('6'), transport.send('7')]
    await transport.reactor.settle()
    transport.receiveReset()
    for (const sent of [...waiting, transport.send('8')]) await expect(sent).rejects.toBe(protocol.reason)
  })

  test('rejects when a closing connection is closed, and at once after loseWriteConnection', async () => {
    const protocol = new Recorder()
    const transport = StringTransport.connect(protocol)
    transport.loseConnection()
    const sent = transport.send('1')
    transport.receiveEnd()
    await expect(sent).rejects.toBe(protocol.reason)
    const ended = StringTransport.connect(new HalfCloseRecorder())
    ended.loseWriteConnection()
    await expect(ended.send('1')).rejects.toBeInstanceOf(NotConnectedError)
  })

  test('aborts the connection when more than 16 MiB wait', async () => {
    const protocol = new Recorder()
    const transport = StringTransport.connect(protocol, { options })
    const megabyte = Buffer.alloc(1_048_576)
    transport.block()
    for (let count = 0; count < 17; count++) void transport.send(megabyte)
    expect(transport.aborted).toBe(false)
    const refused = transport.send('x')
    transport.pump()
    await expect(refused).rejects.toBeInstanceOf(ConnectionAborted)
    expect(String(protocol.reason?.cause)).toContain('more than 16777216 bytes wait to be sent')
  })

  test('rejects data that is neither bytes nor a string', async () => {
    const transport = StringTransport.connect(new Recorder())
    await expect(transport.send(5 as unknown as string)).rejects.toBeInstanceOf(TypeError)
  })
})

const marks = { highWaterBytes: 4, lowWaterBytes: 2 }

function open(): { transport: StringTransport; protocol: HalfCloseRecorder } {
  const protocol = new HalfCloseRecorder()
  return { transport: StringTransport.connect(protocol, { options: marks }), protocol }
}

/** Yields `count` pieces of two bytes, and records how many were taken and whether it was released. */
class Source implements AsyncIterable<string> {
  given = 0
  released = false
  readonly #count: number

  constructor(count: number) {
    this.#count = count
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    try {
      while (this.given < this.#count) yield `<${this.given++}`
    } finally {
      this.released = true
    }
  }
}

describe('pipeFrom', () => {
  test('sends everything from a source that is much larger than the queue', async () => {
    const received = new HalfCloseRecorder()
    const pair = connectedPair(new HalfCloseRecorder(), received)
    const all = Buffer.from(Array.from({ length: 700_000 }, (_, at) => at % 251))
    const piped = pair.server.pipeFrom(Readable.from(cut(all)), { end: true })
    await until(async () => received.events.includes('read lost'), pair.reactor)
    await piped
    expect(Buffer.concat(received.pieces).equals(all)).toBe(true)
    expect(pair.server.disconnecting).toBe(false)
  })

  test('reads the source only as fast as the peer reads, and resolves below the low-water mark', async () => {
    const { transport } = open()
    const source = new Source(6)
    let resolved = false
    transport.block()
    const piped = transport.pipeFrom(source).then(() => {
      resolved = true
    })
    await transport.reactor.settle()
    expect([source.given, transport.bufferedBytes]).toEqual([3, 6])
    transport.unblock()
    transport.block()
    await transport.reactor.settle()
    expect([source.given, resolved]).toEqual([6, false])
    transport.unblock()
    await piped
    expect([transport.value(), transport.ended]).toEqual(['<0<1<2<3<4<5', false])
  })

  test('begins when the queue has space', async () => {
    const { transport } = open()
    const source = new Source(1)
    transport.block()
    transport.write('123456')
    const piped = transport.pipeFrom(source)
    await transport.reactor.settle()
    expect(source.given).toBe(0)
    transport.unblock()
    await piped
    expect(transport.value()).toBe('123456<0')
  })

  test('rejects with the reason and releases the source when the connection breaks', async () => {
    const { transport, protocol } = open()
    const source = new Source(9)
    transport.block()
    const piped = transport.pipeFrom(source)
    await transport.reactor.settle()
    transport.receiveReset()
    expect(await piped.catch((error: unknown) => error)).toBe(protocol.reason)
    expect([source.given, source.released]).toEqual([3, true])
  })

  test('rejects and releases the source also while it yields nothing', async () => {
    const { transport, protocol } = open()
    const silent = new Readable({ read: () => undefined })
    const piped = transport.pipeFrom(silent)
    await transport.reactor.settle()
    transport.receiveReset()
    expect(await piped.catch((error: unknown) => error)).toBe(protocol.reason)
    expect(silent.destroyed).toBe(true)
  })

  test('releases the source at once when the connection is closing, and rejects with the reason of its end', async () => {
    const { transport } = open()
    const source = new Source(9)
    transport.block()
    const piped = transport.pipeFrom(source)
    await transport.reactor.settle()
    transport.loseConnection()
    transport.unblock()
    await transport.reactor.settle()
    expect(source.released).toBe(true)
    transport.receiveEnd()
    await expect(piped).rejects.toBeInstanceOf(ConnectionDone)
  })

  test('rejects after loseWriteConnection', async () => {
    const { transport } = open()
    const source = new Source(1)
    transport.loseWriteConnection()
    await expect(transport.pipeFrom(source)).rejects.toBeInstanceOf(NotConnectedError)
    expect(source.given).toBe(0)
  })

  test('ends with its signal, and leaves the connection open and no listener', async () => {
    const { transport } = open()
    const [source, controller] = [new Source(9), new AbortController()]
    const { signal } = controller
    transport.block()
    const piped = transport.pipeFrom(source, { signal, end: true })
    await transport.reactor.settle()
    controller.abort('enough')
    await expect(piped).rejects.toBe('enough')
    transport.unblock()
    await transport.reactor.settle()
    expect([source.released, transport.value(), transport.ended]).toEqual([true, '<0<1<2', false])
    expect(getEventListeners(signal, 'abort').concat(getEventListeners(transport.signal, 'abort'))).toEqual(
      [],
    )
    const late = new Source(1)
    await expect(transport.pipeFrom(late, { signal })).rejects.toBe('enough')
    expect(late.given).toBe(0)
  })

  test('does not write a piece that is yielded after its signal has aborted', async () => {
    const { transport } = open()
    const controller = new AbortController()
    let give = (): void => undefined
    const source = (async function* (): AsyncGenerator<string> {
      await new Promise<void>((resolve) => {
        give = resolve
      })
      yield 'late'
    })()
    const piped = transport.pipeFrom(source, { signal: controller.signal })
    await transport.reactor.settle()
    controller.abort('enough')
    await expect(piped).rejects.toBe('enough')
    give()
    await transport.reactor.settle()
    expect(transport.value()).toBe('')
  })

  test('rejects with the error of the source, and does not close the connection', async () => {
    const { transport } = open()
    const fault = new Error('fault')
    const failing = (async function* (): AsyncGenerator<string> {
      yield 'a'
      throw fault
    })()
    await expect(transport.pipeFrom(failing)).rejects.toBe(fault)
    expect([transport.value(), transport.disconnecting]).toEqual(['a', false])
  })
})

function* cut(all: Buffer): Generator<Buffer> {
  for (let at = 0; at < all.length; at += 10_007) yield all.subarray(at, at + 10_007)
}

async function until(met: () => Promise<boolean>, reactor: { settle(): Promise<void> }): Promise<void> {
  while (!(await met())) {
    await reactor.settle()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function* letters(): AsyncGenerator<string> {
  yield 'a'
  yield 'b'
}

describe('piecesOf', () => {
  const sources: [string, () => Pipeable][] = [
    ['a generator', letters],
    ['a Node stream', () => Readable.from(letters())],
    ['a web stream', () => Readable.toWeb(Readable.from(letters())) as Pipeable],
  ]
  test.each(sources)('returns the pieces of %s, and its end', async (_, source) => {
    const pieces = piecesOf(source())
    const read = [await pieces.next(), await pieces.next(), await pieces.next()]
    expect(read.map(({ value }) => value)).toEqual(['a', 'b', undefined])
    expect(read.map(({ done }) => done)).toEqual([false, false, true])
  })

  test('releases a Node stream while a piece is awaited', async () => {
    const stream = new Readable({ read: () => undefined })
    const pieces = piecesOf(stream)
    const next = pieces.next().catch((error: unknown) => error)
    pieces.release()
    await next
    expect(stream.destroyed).toBe(true)
  })

  test('releases a web stream while a piece is awaited', async () => {
    let cancelled = false
    const stream = new ReadableStream<string>({
      cancel() {
        cancelled = true
        throw new Error('ignored')
      },
    })
    const pieces = piecesOf(stream)
    const next = pieces.next()
    pieces.release()
    expect([await next, cancelled]).toEqual([{ done: true, value: undefined }, true])
  })

  test('releases an iterator with or without a return method', async () => {
    let returned = false
    const returning = (async function* (): AsyncGenerator<string> {
      try {
        yield 'a'
      } finally {
        returned = true
        // eslint-disable-next-line no-unsafe-finally -- tests that an error of the cleanup is ignored
        throw new Error('ignored')
      }
    })()
    const pieces = piecesOf(returning)
    await pieces.next()
    pieces.release()
    piecesOf({ [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: 0 }) }) }).release()
    await new Promise((resolve) => setImmediate(resolve))
    expect(returned).toBe(true)
  })

  test('unlocks a web stream that was read to its end', async () => {
    const stream = new ReadableStream<string>({ start: (controller) => controller.close() })
    expect(await piecesOf(stream).next()).toMatchObject({ done: true })
    expect(stream.locked).toBe(false)
  })
})

describe('producerFrom', () => {
  test('pauses a stream above the high-water mark, and destroys it when the connection is gone', () => {
    const transport = StringTransport.connect(new Recorder(), {
      options: { highWaterBytes: 4, lowWaterBytes: 2 },
    })
    const stream = new Readable({ read: () => undefined })
    stream.on('data', (data: Buffer) => transport.write(data))
    transport.registerProducer(producerFrom(stream), true)
    transport.block()
    transport.write('12345')
    expect(stream.isPaused()).toBe(true)
    transport.pump()
    transport.unblock()
    expect(stream.isPaused()).toBe(false)
    transport.receiveReset()
    expect(stream.destroyed).toBe(true)
  })
})

describe('whyClosed', () => {
  test('waits for the reason of a closing connection, and returns that of a lost one', async () => {
    const protocol = new HalfCloseRecorder()
    const transport = StringTransport.connect(protocol)
    transport.loseConnection()
    const why = whyClosed(transport)
    transport.receiveEnd()
    expect(await why).toBe(protocol.reason)
    expect(await whyClosed(transport)).toBe(protocol.reason)
  })

  test('is a NotConnectedError when only our own side has ended', async () => {
    const transport = StringTransport.connect(new HalfCloseRecorder())
    transport.loseWriteConnection()
    expect(await whyClosed(transport)).toBeInstanceOf(NotConnectedError)
  })
})

describe('swallowIfClosed', () => {
  test('swallows the rejection of a closed connection unless it is awaited, and keeps every other rejection', async () => {
    const unhandled: unknown[] = []
    const listeners = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.on('unhandledRejection', (reason) => unhandled.push(reason))
    const fault = new Error('fault')
    const done = swallowIfClosed(Promise.reject(new ConnectionDone()))
    void swallowIfClosed(Promise.reject(new NotConnectedError('closed')))
    void swallowIfClosed(Promise.reject(fault))
    await new Promise((resolve) => setImmediate(resolve))
    process.removeAllListeners('unhandledRejection')
    for (const listener of listeners) process.on('unhandledRejection', listener)
    expect(unhandled).toEqual([fault])
    await expect(done).rejects.toBeInstanceOf(ConnectionDone)
    await expect(swallowIfClosed(Promise.resolve(5))).resolves.toBe(5)
  })
})
