import { getEventListeners } from 'node:events'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { ConnectionDone, NotConnectedError } from '../../src/errors.ts'
import { HalfCloseRecorder } from '../../src/checks/transport-harness.ts'
import { connectedPair } from '../../src/testing/connected-pair.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'

const options = { highWaterBytes: 4, lowWaterBytes: 2 }

function open(): { transport: StringTransport; protocol: HalfCloseRecorder } {
  const protocol = new HalfCloseRecorder()
  return { transport: StringTransport.connect(protocol, { options }), protocol }
}

/** Gives `count` pieces of two bytes, and tells how many were asked for and whether it was released. */
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
  test('sends all that a source gives, much more than fits at once', async () => {
    const received = new HalfCloseRecorder()
    const pair = connectedPair(new HalfCloseRecorder(), received)
    const all = Buffer.from(Array.from({ length: 700_000 }, (_, at) => at % 251))
    const piped = pair.server.pipeFrom(Readable.from(cut(all)), { end: true })
    await until(async () => received.events.includes('read lost'), pair.reactor)
    await piped
    expect(Buffer.concat(received.pieces).equals(all)).toBe(true)
    expect(pair.server.disconnecting).toBe(false)
  })

  test('asks for no more than the peer takes, and resolves when that is below the low-water mark', async () => {
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

  test('begins when there is room', async () => {
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

  test('does so also while the source has nothing to give', async () => {
    const { transport, protocol } = open()
    const silent = new Readable({ read: () => undefined })
    const piped = transport.pipeFrom(silent)
    await transport.reactor.settle()
    transport.receiveReset()
    expect(await piped.catch((error: unknown) => error)).toBe(protocol.reason)
    expect(silent.destroyed).toBe(true)
  })

  test('releases the source of a connection that is closing at once, and rejects with how it ended', async () => {
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

  test('refuses a connection that takes no more', async () => {
    const { transport } = open()
    const source = new Source(1)
    transport.loseWriteConnection()
    await expect(transport.pipeFrom(source)).rejects.toBeInstanceOf(NotConnectedError)
    expect(source.given).toBe(0)
  })

  test('ends with its signal, leaving the connection as it is and no listener', async () => {
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

  test('writes no piece that comes when its signal has aborted', async () => {
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

  test('rejects with what the source throws, and leaves closing to the caller', async () => {
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
