import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WebSocketProtocol } from '../../src/index.ts'
import { closing, frame, serverFrame } from '../websocket-exchange.ts'
import { closeCodeIn, openServer, Recorder } from './parties.ts'

describe('bugs of other libraries: frames', () => {
  test.each([
    [
      'uWebSockets: an unmasked frame is read with the wrong offset, and no close frame is sent',
      Buffer.from('\x81\x02hi'),
      1002,
    ],
    [
      'websockets: a ping may have the 16-bit form of the length',
      Buffer.from('89fe000500000000aaaaaaaaaa', 'hex'),
      1002,
    ],
    ['gorilla: a close frame of one byte is accepted', frame(8, 'x'), 1002],
    ['gorilla: text is never checked', frame(1, Buffer.of(0xff)), 1007],
    ['gorilla: the reason of a close frame is never checked', frame(8, Buffer.of(3, 232, 0xff)), 1007],
    ['gorilla: RSV1 is accepted in a control frame', frame(9, 'x', { rsv: 0x40 }), 1002],
    [
      'gorilla: RSV1 is accepted in a continuation',
      Buffer.concat([frame(1, 'a', { fin: false }), frame(0, 'b', { rsv: 0x40 })]),
      1002,
    ],
  ])('%s', async (_, bytes, code) => {
    const protocol = new Recorder()
    const exchange = await openServer(protocol)
    await exchange.send(bytes)
    expect(closeCodeIn(await exchange.received())).toBe(code)
    expect(protocol.messages).toEqual([])
  })

  test('CVE-2026-54466 of websocket-driver: what is malformed ends in an error that nothing catches', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), async (pieces) => {
        const protocol = new Recorder()
        const exchange = await openServer(protocol)
        await exchange.send(...pieces)
        exchange.transport.receiveEnd()
        exchange.reactor.advance(30_000)
        await exchange.reactor.settle()
        expect(protocol.closed.length).toBe(1)
        expect(exchange.reactor.logged.filter(({ level }) => level === 'error')).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('CVE-2022-21676 of engine.io: an error of a callback ends the process', async () => {
    class Faulty extends WebSocketProtocol {
      override textMessageReceived(text: string): Promise<void> {
        if (text === 'throw') throw new Error('thrown')
        return Promise.reject(new Error('rejected'))
      }
    }
    for (const text of ['throw', 'reject']) {
      const exchange = await openServer(new Faulty())
      await exchange.send(frame(1, text))
      expect(closeCodeIn(await exchange.received())).toBe(1011)
      expect(exchange.reactor.flushLoggedErrors().length).toBe(1)
    }
  })

  test('websockets: messages that arrive just before the close frame get no reply', async () => {
    class Slow extends WebSocketProtocol {
      override async textMessageReceived(text: string): Promise<void> {
        await Promise.resolve()
        this.transport.sendTextMessage(text)
      }
    }
    const exchange = await openServer(new Slow())
    await exchange.send(Buffer.concat([frame(1, 'a'), frame(1, 'b'), frame(8, closing(1000))]))
    expect(await exchange.received()).toEqual(
      Buffer.concat([serverFrame(1, 'a'), serverFrame(1, 'b'), serverFrame(8, closing(1000))]),
    )
  })
})

describe('bugs of other libraries: what a program sends', () => {
  test('CVE-2026-45736 of ws: a typed array as the reason sends uninitialised memory', async () => {
    for (const reason of [new Uint8Array(100), Buffer.alloc(5), new Float64Array(3), 5, {}, null]) {
      const protocol = new Recorder()
      const exchange = await openServer(protocol)
      expect(() => protocol.transport.loseConnection(1000, reason as never)).toThrow(TypeError)
      expect(await exchange.received()).toEqual(Buffer.alloc(0))
    }
    const protocol = new Recorder()
    const exchange = await openServer(protocol)
    protocol.transport.loseConnection(1000, 'Grüße')
    expect(await exchange.received()).toEqual(serverFrame(8, closing(1000, 'Grüße')))
  })

  test('CVE-2016-10518 of ws: a number as the payload of a ping sends uninitialised memory', async () => {
    const protocol = new Recorder()
    const exchange = await openServer(protocol)
    const { transport } = protocol
    for (const value of [5, 100, {}, null, new ArrayBuffer(5), 'text']) {
      expect(() => transport.ping(value as never)).toThrow(TypeError)
      expect(() => transport.sendBytesMessage(value as never)).toThrow(TypeError)
    }
    for (const value of [5, {}, null, new ArrayBuffer(5)]) {
      expect(() => transport.sendTextMessage(value as never)).toThrow(TypeError)
    }
    expect(await exchange.received()).toEqual(Buffer.alloc(0))
  })
})
