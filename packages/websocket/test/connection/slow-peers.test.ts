import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { WebSocketMessage } from '../../src/connection/incoming-message.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { connectedSockets } from '../connected-sockets.ts'
import { openExchange } from '../pending-protocol.ts'
import { framesOf } from './sent-frames.ts'

class Sender extends WebSocketProtocol {}

/** What a program and a slow client do, in any order. */
const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ is: fc.constant('send'), bytes: fc.integer({ min: 0, max: 200_000 }) }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('send patiently'), bytes: fc.nat(100_000) }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('stream'), bytes: fc.nat(50_000) }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('ping'), bytes: fc.constant(0) }) },
  { weight: 4, arbitrary: fc.record({ is: fc.constant('read a little'), bytes: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('stop reading'), bytes: fc.constant(0) }) },
)

describe('a slow client', () => {
  test('receives every message whole and in order, with control frames only between frames', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
        const protocol = new Sender()
        const exchange = await openExchange(protocol, { maxQueuedBytes: 64 << 20 })
        const { transport } = protocol
        const received: Buffer[] = []
        const sent: number[] = []
        const waiting: Promise<string>[] = []
        exchange.transport.block()
        for (const { is, bytes } of acts) {
          const data = Buffer.alloc(bytes, sent.length)
          if (is === 'send') expect(transport.sendBytesMessage(data)).not.toBe('dropped')
          if (is === 'send patiently') waiting.push(transport.send(data))
          if (is === 'stream') waiting.push(transport.sendMessage([data, data], { frameBytes: 10_000 }))
          if (is === 'ping') transport.ping(Buffer.from('p'))
          if (is.startsWith('s') && is !== 'stop reading') sent.push(is === 'stream' ? 2 * bytes : bytes)
          if (is === 'read a little') exchange.transport.unblock()
          if (is !== 'send') await exchange.reactor.settle()
          exchange.transport.block()
          received.push(await exchange.received())
        }
        transport.loseConnection(1000)
        exchange.transport.unblock()
        received.push(await exchange.received())
        expect(new Set(await Promise.all(waiting))).toEqual(new Set(waiting.length > 0 ? ['sent'] : []))
        const frames = framesOf(Buffer.concat(received))
        expect(frames.pop()).toMatchObject({ opcode: 8 })
        const messages: Buffer[][] = []
        let open = false
        for (const { opcode, fin, payload } of frames.filter((one) => one.opcode < 8)) {
          expect(opcode === 0).toBe(open)
          if (!open) messages.push([])
          messages.at(-1)?.push(payload)
          open = !fin
        }
        const whole = messages.map((parts) => Buffer.concat(parts))
        expect(whole.map(({ length }) => length)).toEqual(sent)
        for (const [at, message] of whole.entries())
          expect(message.every((byte) => byte === (at & 0xff))).toBe(true)
        expect(frames.filter(({ opcode }) => opcode === 9)).toHaveLength(
          acts.filter(({ is }) => is === 'ping').length,
        )
        expect(transport.bufferedBytes).toBe(0)
      }),
      { numRuns: 60, seed: 5 },
    )
  })

  test('holds at most maxQueuedBytes with each policy', async () => {
    for (const whenFull of ['close', 'drop-newest', 'drop-oldest'] as const)
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(60_000), { minLength: 1, maxLength: 60 }), async (sizes) => {
          const protocol = new Sender()
          const exchange = await openExchange(protocol, { maxQueuedBytes: 300_000, whenFull })
          exchange.transport.block()
          for (const size of sizes) {
            protocol.transport.sendBytesMessage(Buffer.alloc(size))
            expect(protocol.transport.bufferedBytes).toBeLessThanOrEqual(300_000 + 60_000 + 14)
          }
          exchange.transport.receiveReset()
        }),
        { numRuns: 30, seed: 7 },
      )
  })
})

describe('a slow program', () => {
  test('makes the peer wait while it does not read a streamed message', async () => {
    let message: WebSocketMessage | undefined
    class Slow extends WebSocketProtocol {
      override messageReceived(given: WebSocketMessage): Promise<void> {
        message = given
        return new Promise(() => undefined)
      }
    }
    const { reactor, client } = await connectedSockets({ maxMessageBytes: Infinity }, new Slow())
    let given = 0
    function* pieces() {
      for (; given < 500; given++) yield Buffer.alloc(10_000)
    }
    void client.transport.sendMessage(pieces())
    await reactor.settle()
    const ahead = given
    expect(ahead).toBeLessThan(60)
    let read = 0
    void (async () => {
      if (message !== undefined) for await (const chunk of message) read += chunk.length
    })()
    await reactor.settle()
    expect([given, read]).toEqual([500, 5_000_000])
  })
})
