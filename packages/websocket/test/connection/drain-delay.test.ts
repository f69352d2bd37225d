import { describe, expect, test } from 'vitest'
import { openExchange, Pending } from '../pending-protocol.ts'
import { closing, frame, serverFrame, type SiteExchange } from '../websocket-exchange.ts'

/** Milliseconds from the stop to the close frame, in steps of 100. */
async function msUntilClose(exchange: SiteExchange): Promise<number> {
  for (let ms = 0; ms <= 10_000; ms += 100) {
    if ((await exchange.received()).length > 0) return ms
    exchange.reactor.advance(100)
  }
  throw new Error('No close frame was sent')
}

/** Random bytes that begin with these four. */
function bytesFrom(first: number, count: number): Buffer {
  const bytes = Buffer.alloc(count)
  bytes.writeUInt32BE(first)
  return bytes
}

describe('drainOverMs', () => {
  test('spreads the close frames at random, and WebSockets work until theirs', async () => {
    const delays: number[] = []
    for (const random of [0, 0x4000_0000, 0x8000_0000, 0xffff_ffff]) {
      const protocol = new Pending()
      const exchange = await openExchange(protocol, { drainOverMs: 8_000 })
      exchange.reactor.randomBytes = (count) => bytesFrom(random, count)
      exchange.transport.drain()
      if (random > 0) {
        await exchange.send(frame(1, `message ${random}`))
        protocol.settle()
        expect(protocol.calls).toEqual([`message ${random}`])
        expect(protocol.transport.sendTextMessage('reply')).toBe('sent')
        await exchange.received()
      }
      delays.push(await msUntilClose(exchange))
    }
    expect(delays).toEqual([100, 2_000, 4_000, 8_000])
  })

  test('ends the wait when the connection is gone before', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol, { drainOverMs: 8_000 })
    exchange.transport.drain()
    exchange.transport.receiveReset()
    await exchange.reactor.settle()
    expect(protocol.calls).toEqual(['lost'])
    expect(exchange.reactor.getDelayedCalls()).toEqual([])
  })

  test('calls drain of the protocol after the wait', async () => {
    class Draining extends Pending {
      drain(): void {
        this.calls.push('drain')
      }
    }
    const protocol = new Draining()
    const exchange = await openExchange(protocol, { drainOverMs: 8_000 })
    exchange.reactor.randomBytes = (count) => bytesFrom(0x8000_0000, count)
    exchange.transport.drain()
    exchange.reactor.advance(3_900)
    expect(protocol.calls).toEqual([])
    exchange.reactor.advance(200)
    await exchange.reactor.settle()
    expect(protocol.calls).toEqual(['drain'])
  })
})

describe('drainCode and drainReason', () => {
  test('are what a stop sends', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol, { drainCode: 1012, drainReason: 'Back in a minute' })
    exchange.transport.drain()
    expect(await exchange.received()).toEqual(serverFrame(8, closing(1012, 'Back in a minute')))
    await exchange.send(frame(8, closing(1012)))
    exchange.transport.receiveEnd()
    expect(protocol.closed).toMatchObject([
      { sentCode: 1012, sentReason: 'Back in a minute', wasClean: true },
    ])
  })
})
