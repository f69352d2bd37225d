import { describe, expect, test } from 'vitest'
import { WebSocketProtocol } from '../../src/index.ts'
import { closing, frame, serverFrame } from '../websocket-exchange.ts'
import { closeCodeIn, longHeader, OpenClient, openServer, Recorder } from './parties.ts'

const part = (opcode: number, payload = ''): Buffer => frame(opcode, payload, { fin: false })

/** `count` continuation frames without FIN, in one Buffer. */
function continuations(count: number, payload: string): Buffer {
  const one = part(0, payload)
  return Buffer.concat(Array.from({ length: count }, () => one))
}

describe('bugs of other libraries: limits', () => {
  test.each([
    ['CVE-2026-48779 of ws: 200 000 fragments of one byte take many times their size', 'x'],
    ['ws 2329 and 2331: empty fragments are not counted', ''],
  ])('%s', async (_, payload) => {
    const protocol = new Recorder()
    const exchange = await openServer(protocol)
    await exchange.send(part(1, 'x'), continuations(200_000, payload))
    expect(closeCodeIn(await exchange.received())).toBe(1008)
    expect(exchange.closed).toBe(true)
    expect(protocol.messages).toEqual([])
    exchange.transport.receiveEnd()
    expect(protocol.closed).toMatchObject([{ violation: 'too-many-fragments', sentCode: 1008 }])
  })

  test('netty CVE-2014-0193, undici CVE-2026-12151: continuations without end, to a server and to a client', async () => {
    const server = await openServer(new Recorder(), { maxMessageBytes: 70_000 })
    await server.send(part(2, 'x'), continuations(80, 'y'.repeat(1_000)))
    expect(closeCodeIn(await server.received())).toBe(1009)
    const client = new OpenClient(new Recorder(), { maxMessageBytes: 100 })
    await client.send(Buffer.from([0x01, 0]), Buffer.alloc(400_000))
    expect(client.transport.ended).toBe(true)
  })

  test('ws 2333: the count of fragments is never reset, so that connections of long life are closed', async () => {
    const protocol = new Recorder()
    const exchange = await openServer(protocol)
    const whole = frame(1, 'hi')
    const fragmented = Buffer.concat([part(1, 'a'), continuations(62, 'b'), frame(0, 'c')])
    for (let round = 0; round < 10; round++) {
      await exchange.send(Buffer.concat(Array.from({ length: 4_000 }, () => whole)))
      await exchange.send(Buffer.concat(Array.from({ length: 70 }, () => fragmented)))
    }
    expect(protocol.messages.length).toBe(10 * (4_000 + 70))
    expect(await exchange.received()).toEqual(Buffer.alloc(0))
  })

  test.each([
    ['CVE-2016-10542 of ws, CVE-2018-21035 of Qt: a message has no limit by default', 1n << 20n],
    ['64-bit lengths become 32-bit numbers: 2^32 + 5 is taken for 5 (noPoll, baresip, gpac)', 1n << 32n],
    ['a length of 2^53 - 1 is accepted', (1n << 53n) - 6n],
  ])('%s', async (_, over) => {
    const protocol = new Recorder()
    const exchange = await openServer(protocol)
    // Refused at the header: no byte of the payload is awaited.
    await exchange.send(longHeader(2, over + 5n))
    expect(closeCodeIn(await exchange.received())).toBe(1009)
    expect(protocol.messages).toEqual([])
  })

  test.each([
    ['CVE-2020-13935 of Tomcat: a length with the highest bit set loops for ever', 1n << 63n],
    ['CVE-2026-1528 of undici: a length of 2^64 - 1 throws outside every callback', (1n << 64n) - 1n],
    ['a length of 2^53 loses its lowest bit', 1n << 53n],
  ])('%s', async (_, length) => {
    const exchange = await openServer(new Recorder())
    await exchange.send(longHeader(2, length))
    expect(closeCodeIn(await exchange.received())).toBe(1002)
    const client = new OpenClient(new Recorder())
    const header = longHeader(2, length).subarray(0, 10)
    header[1] = 127
    await client.send(header)
    expect(client.transport.ended).toBe(true)
  })

  test('CVE-2020-27813 of gorilla: the lengths of two frames overflow, so that the limit is passed', async () => {
    for (const maxMessageBytes of [1_000, Infinity]) {
      const exchange = await openServer(new Recorder(), { maxMessageBytes })
      const second = longHeader(0, (1n << 63n) - 1n)
      await exchange.send(part(2, 'x'.repeat(10)), second)
      expect([1002, 1009]).toContain(closeCodeIn(await exchange.received()))
    }
  })

  test('undici 4899: a client has no limit for uncompressed messages', async () => {
    const protocol = new Recorder()
    const client = new OpenClient(protocol, { maxMessageBytes: 10 })
    await client.send(serverFrame(1, '0123456789'), serverFrame(1, '01234567890'))
    expect(client.transport.ended).toBe(true)
    client.transport.receiveEnd()
    expect(protocol.messages).toEqual(['0123456789'])
    expect(protocol.closed).toMatchObject([{ sentCode: 1009, violation: 'message-too-large' }])
  })

  test('ws 8.22, tyrus 954, websockets: 20 000 pings of a client that does not read get pongs without limit', async () => {
    const exchange = await openServer(new Recorder())
    const { transport } = exchange
    transport.block()
    const before = transport.bufferedBytes
    const pings = Array.from({ length: 20_000 }, (_, at) => frame(9, `${at}`.padStart(100, '0')))
    await exchange.send(Buffer.concat(pings))
    expect(transport.bufferedBytes - before).toBeLessThan(40_000)
    transport.unblock()
    const sent = await exchange.received()
    expect(sent.length).toBeLessThan(40_000)
    // The newest ping gets its pong.
    expect(sent.subarray(-5).toString()).toBe('19999')
  })

  test('CVE-2024-23672 of Tomcat: a client that does not reply to the close frame is kept for ever', async () => {
    const protocol = new Recorder()
    const exchange = await openServer(protocol, { closeTimeoutMs: 2_000 })
    protocol.transport.loseConnection(1000)
    expect(await exchange.received()).toEqual(serverFrame(8, closing(1000)))
    exchange.reactor.advance(1_999)
    expect(exchange.transport.connected).toBe(true)
    exchange.reactor.advance(101)
    expect(exchange.transport.connected).toBe(false)
    expect(protocol.closed).toMatchObject([{ code: 1006, closedBy: 'us', wasClean: false }])
  })

  test('a handler that never settles keeps the connection of a client that has left', async () => {
    class Stuck extends WebSocketProtocol {
      lost = 0
      override textMessageReceived(): Promise<void> {
        return new Promise(() => undefined)
      }
      override connectionLost(): void {
        this.lost++
      }
    }
    const protocol = new Stuck()
    const exchange = await openServer(protocol)
    await exchange.send(frame(1, 'x'), frame(8, closing(1000)))
    expect(closeCodeIn(await exchange.received())).toBe(1000)
    exchange.transport.receiveEnd()
    exchange.reactor.advance(5_000)
    await exchange.reactor.settle()
    expect(protocol.lost).toBe(1)
  })
})
