import { describe, expect, test } from 'vitest'
import type { ByteQueue } from '../../src/bytes.ts'
import { FramingProtocol, Protocol } from '../../src/index.ts'
import { ParseLoop } from '../../src/protocol/framing-protocol.ts'
import { StringTransport } from '../../src/testing.ts'

/** Frames of two bytes. */
class Pairs extends FramingProtocol {
  readonly received: string[] = []
  protected override takeFrame(input: ByteQueue): boolean | void {
    const pair = input.takeExactly(2)
    if (pair === undefined) return false
    this.received.push(pair.toString())
    if (pair.toString() === 'xx') this.stopParsing()
    return undefined
  }
}

describe('FramingProtocol', () => {
  test('is all that a framing of your own needs', () => {
    const pairs = new Pairs()
    const transport = StringTransport.connect(pairs)
    transport.receive('aab')
    transport.receive('b')
    pairs.pauseProducing()
    transport.receive('cc')
    expect(pairs.received).toEqual(['aa', 'bb'])
    pairs.resumeProducing()
    transport.pump()
    expect(pairs.received).toEqual(['aa', 'bb', 'cc'])
    transport.receive('d')
    expect(pairs.clearBuffer().toString()).toBe('d')
    transport.receive('xxee')
    expect(pairs.received.at(-1)).toBe('xx')
    pairs.stopProducing()
    expect(transport.disconnecting).toBe(true)
  })

  test.each([
    ['returns nothing', (): void => undefined],
    ['returns a promise', (): Promise<unknown> => Promise.resolve(false)],
  ])('aborts the connection when takeFrame takes no byte and %s for ever', async (_what, takeFrame) => {
    class Endless extends FramingProtocol {
      calls = 0
      protected override takeFrame(): void | Promise<unknown> {
        this.calls++
        return takeFrame()
      }
    }
    const endless = new Endless()
    const transport = StringTransport.connect(endless)
    transport.receive('a')
    while (!transport.disconnecting) await Promise.resolve()
    expect(endless.calls).toBe(1001)
    expect(transport.reactor.logged).toMatchObject([
      {
        error: {
          name: 'LocalProtocolError',
          message:
            'Cannot parse on: takeFrame of Endless took no byte and did not return false, 1000 times in a row',
        },
      },
    ])
  })

  test('takes empty frames in calls of their own, in any number of deliveries', () => {
    class LengthThenBody extends FramingProtocol {
      readonly received: string[] = []
      #length: number | undefined
      protected override takeFrame(input: ByteQueue): boolean | void {
        if (this.#length === undefined) {
          this.#length = input.takeExactly(1)?.readUInt8()
          return this.#length !== undefined
        }
        const body = input.takeExactly(this.#length)
        if (body === undefined) return false
        this.#length = undefined
        this.received.push(body.toString())
        return undefined
      }
    }
    const protocol = new LengthThenBody()
    const transport = StringTransport.connect(protocol)
    for (let i = 0; i < 2000; i++) transport.receive(Buffer.of(0))
    transport.receive(Buffer.alloc(2000))
    expect(protocol.received).toEqual(Array.from({ length: 4000 }, () => ''))
  })
})

/** Frames of one byte; the promise of the byte `W` is pending until `go`. */
class Bytes extends Protocol {
  received = ''
  go = (): void => undefined
  readonly loop: ParseLoop = new ParseLoop(this, (input) => {
    const byte = input.takeExactly(1)?.toString()
    if (byte === undefined) return false
    this.received += byte
    // Starting the loop again from within changes nothing: it is running.
    this.loop.goOn()
    return byte === 'W' ? new Promise<void>((resolve) => (this.go = resolve)) : undefined
  })
  override dataReceived(data: Buffer): void | Promise<void> {
    return this.loop.receive(data)
  }
  protocolReplaced(): void {
    this.loop.handOver()
  }
}

/** Makes a loop that was paused with `frames` queued, and is resumed outside a delivery. */
function resumed(frames: string): { bytes: Bytes; transport: StringTransport } {
  const bytes = new Bytes()
  const transport = StringTransport.connect(bytes)
  bytes.loop.pause()
  bytes.loop.input.push(Buffer.from(frames))
  bytes.loop.resume()
  transport.pump()
  return { bytes, transport }
}

describe('ParseLoop', () => {
  test('takes frame after frame, is never entered twice, and parses nothing more after stop', () => {
    const bytes = new Bytes()
    const transport = StringTransport.connect(bytes)
    transport.receive('abc')
    expect(bytes.received).toBe('abc')
    bytes.loop.stop()
    transport.receive('d'.repeat(1000))
    expect(bytes.received).toBe('abc')
    expect(bytes.loop.input.length).toBe(0)
  })

  test('waits for ten thousand promises one by one, and keeps no reference to them', async () => {
    let settled = false
    const protocol = new (class extends Protocol {
      readonly loop = new ParseLoop(this, (input) =>
        input.takeExactly(1) === undefined ? false : Promise.resolve(),
      )
    })()
    StringTransport.connect(protocol)
    void Promise.resolve(protocol.loop.receive(Buffer.alloc(10_000))).then(() => (settled = true))
    while (protocol.loop.input.length > 0) await Promise.resolve()
    // A chain of promises would need as many turns again.
    for (let i = 0; i < 10; i++) await Promise.resolve()
    expect(settled).toBe(true)
  })

  test('takes no more input while the promise of a frame delivered by goOn is pending', async () => {
    const { bytes, transport } = resumed('aW')
    for (let i = 0; i < 10; i++) transport.receive('b'.repeat(1000))
    expect(bytes.loop.input.length).toBe(0)
    bytes.go()
    await transport.reactor.settle()
    expect(bytes.received).toBe(`aW${'b'.repeat(10_000)}`)
  })

  test('delivers all bytes before the peer’s FIN, also frames that are held', async () => {
    const { bytes, transport } = resumed('WbWc')
    transport.receiveEnd()
    bytes.go()
    await transport.reactor.settle()
    expect(bytes.received).toBe('WbW')
    expect(transport.disconnecting).toBe(false)
    bytes.go()
    await transport.reactor.settle()
    expect(bytes.received).toBe('WbWc')
    expect(transport.disconnecting).toBe(true)
  })

  test('a pause lasts longer than the promise of a frame, and a resume does not end the wait for a promise', async () => {
    const { bytes, transport } = resumed('W')
    transport.receive('b')
    bytes.loop.resume()
    transport.pump()
    expect(bytes.received).toBe('W')
    bytes.loop.pause()
    bytes.go()
    await transport.reactor.settle()
    expect(bytes.received).toBe('W')
    expect(bytes.loop.input.length).toBe(0)
    bytes.loop.resume()
    transport.pump()
    expect(bytes.received).toBe('Wb')
  })

  test('does not end the pause of the next protocol', async () => {
    const { bytes, transport } = resumed('W')
    const next = new Bytes()
    transport.switchProtocol(next)
    transport.pauseProducing()
    transport.receive('n')
    bytes.loop.stop()
    bytes.go()
    await transport.reactor.settle()
    bytes.loop.resume()
    transport.pump()
    expect(next.received).toBe('')
    transport.resumeProducing()
    transport.pump()
    bytes.loop.pause()
    transport.receive('m')
    expect(next.received).toBe('nm')
  })

  test('logs a throw outside a delivery with the connection that it aborts', () => {
    const failing = new (class Failing extends Protocol {
      readonly loop = new ParseLoop(this, () => {
        throw new Error('broken')
      })
    })()
    const transport = StringTransport.connect(failing)
    failing.loop.goOn()
    expect(transport.disconnecting).toBe(true)
    expect(transport.reactor.logged).toMatchObject([
      { connection: { id: transport.id, protocol: 'Failing' } },
    ])
  })
})
