import { describe, expect, test } from 'vitest'
import type { ByteQueue } from '../../src/bytes/byte-queue.ts'
import { FramingProtocol, ParseLoop } from '../../src/protocol/framing-protocol.ts'
import { Protocol } from '../../src/protocol/protocol.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'

/** Units of two bytes. */
class Pairs extends FramingProtocol {
  readonly heard: string[] = []
  protected override takeFrame(input: ByteQueue): boolean | void {
    const pair = input.takeExactly(2)
    if (pair === undefined) return false
    this.heard.push(pair.toString())
    if (pair.toString() === 'xx') this.stopParsing()
    return undefined
  }
}

describe('FramingProtocol', () => {
  test('is all a framing of one’s own needs', () => {
    const pairs = new Pairs()
    const transport = StringTransport.connect(pairs)
    transport.receive('aab')
    transport.receive('b')
    pairs.pauseProducing()
    transport.receive('cc')
    expect(pairs.heard).toEqual(['aa', 'bb'])
    pairs.resumeProducing()
    transport.pump()
    expect(pairs.heard).toEqual(['aa', 'bb', 'cc'])
    transport.receive('d')
    expect(pairs.clearBuffer().toString()).toBe('d')
    transport.receive('xxee')
    expect(pairs.heard.at(-1)).toBe('xx')
    pairs.stopProducing()
    expect(transport.disconnecting).toBe(true)
  })
})

/** Units of one byte; the byte `W` must be waited for until `go`. */
class Bytes extends Protocol {
  heard = ''
  go = (): void => undefined
  readonly loop: ParseLoop = new ParseLoop(this, (input) => {
    const byte = input.takeExactly(1)?.toString()
    if (byte === undefined) return false
    this.heard += byte
    // Asking again from within changes nothing: the loop is running.
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

/** A loop that was paused with `units` ahead of it, and is resumed outside a delivery. */
function resumed(units: string): { bytes: Bytes; transport: StringTransport } {
  const bytes = new Bytes()
  const transport = StringTransport.connect(bytes)
  bytes.loop.pause()
  bytes.loop.input.push(Buffer.from(units))
  bytes.loop.resume()
  transport.pump()
  return { bytes, transport }
}

describe('ParseLoop', () => {
  test('takes unit after unit, is never entered twice, and stops for good when told so', () => {
    const bytes = new Bytes()
    const transport = StringTransport.connect(bytes)
    transport.receive('abc')
    expect(bytes.heard).toBe('abc')
    bytes.loop.stop()
    transport.receive('d'.repeat(1000))
    expect(bytes.heard).toBe('abc')
    expect(bytes.loop.input.length).toBe(0)
  })

  test('waits for ten thousand promises one by one, and keeps none of them', async () => {
    let settled = false
    const protocol = new (class extends Protocol {
      readonly loop = new ParseLoop(this, (input) =>
        input.takeExactly(1) === undefined ? false : Promise.resolve(),
      )
    })()
    StringTransport.connect(protocol)
    void Promise.resolve(protocol.loop.receive(Buffer.alloc(10_000))).then(() => (settled = true))
    while (protocol.loop.input.length > 0) await Promise.resolve()
    // Promises that wait for each other would need as many turns again.
    for (let i = 0; i < 10; i++) await Promise.resolve()
    expect(settled).toBe(true)
  })

  test('reads no further while a unit that came outside a delivery waits', async () => {
    const { bytes, transport } = resumed('aW')
    for (let i = 0; i < 10; i++) transport.receive('b'.repeat(1000))
    expect(bytes.loop.input.length).toBe(0)
    bytes.go()
    await transport.reactor.settle()
    expect(bytes.heard).toBe(`aW${'b'.repeat(10_000)}`)
  })

  test('delivers all that came before the peer’s end, also units that wait', async () => {
    const { bytes, transport } = resumed('WbWc')
    transport.receiveEnd()
    bytes.go()
    await transport.reactor.settle()
    expect(bytes.heard).toBe('WbW')
    expect(transport.disconnecting).toBe(false)
    bytes.go()
    await transport.reactor.settle()
    expect(bytes.heard).toBe('WbWc')
    expect(transport.disconnecting).toBe(true)
  })

  test('a pause outlasts a unit that was waited for, and a resume does not cut the wait short', async () => {
    const { bytes, transport } = resumed('W')
    transport.receive('b')
    bytes.loop.resume()
    transport.pump()
    expect(bytes.heard).toBe('W')
    bytes.loop.pause()
    bytes.go()
    await transport.reactor.settle()
    expect(bytes.heard).toBe('W')
    expect(bytes.loop.input.length).toBe(0)
    bytes.loop.resume()
    transport.pump()
    expect(bytes.heard).toBe('Wb')
  })

  test('leaves the next protocol’s pause alone', async () => {
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
    expect(next.heard).toBe('')
    transport.resumeProducing()
    transport.pump()
    bytes.loop.pause()
    transport.receive('m')
    expect(next.heard).toBe('nm')
  })

  test('logs a fault outside a delivery with the connection it aborts', () => {
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
