import { describe, expect, test } from 'vitest'
import type { WebSocketError } from '../../src/errors.ts'
import { openExchange, Pending } from '../pending-protocol.ts'
import { closing, frame, serverFrame } from '../websocket-exchange.ts'

class Lenient extends Pending {
  readonly refused: string[] = []
  onTooLarge: () => unknown = () => true

  override textMessageReceived(text: string): unknown {
    this.calls.push(text)
    return undefined
  }
  override messageTooLarge(error: WebSocketError): boolean {
    this.refused.push(error.message)
    return this.onTooLarge() as boolean
  }
}

const LIMIT = { maxMessageBytes: 10 }
const long = frame(1, 'x'.repeat(300))

describe('messageTooLarge', () => {
  test.each([
    ['a frame', [long]],
    ['its second fragment', [frame(1, '12345', { fin: false }), frame(0, '678901')]],
    [
      'fragments, with control frames between',
      [frame(1, '12345', { fin: false }), frame(0, '678901', { fin: false }), frame(9, ''), frame(0, 'end')],
    ],
    ['a first fragment', [frame(2, 'x'.repeat(20), { fin: false }), frame(0, 'y'.repeat(70_000))]],
  ])('skips the message when it returns true: %s', async (_, frames) => {
    const bytes = Buffer.concat([...frames, frame(1, 'next')])
    for (const step of [1, 7, bytes.length]) {
      if (step < 7 && bytes.length > 10_000) continue
      const protocol = new Lenient()
      const exchange = await openExchange(protocol, LIMIT)
      for (let at = 0; at < bytes.length; at += step) await exchange.send(bytes.subarray(at, at + step))
      expect(protocol.refused).toHaveLength(1)
      expect(protocol.calls).toEqual(['next'])
      expect(protocol.transport.open).toBe(true)
    }
  })

  test('may reply, and may close with a code of its own after both close frames', async () => {
    const protocol = new Lenient()
    const exchange = await openExchange(protocol, LIMIT)
    protocol.onTooLarge = () => {
      protocol.transport.sendTextMessage('too long')
      protocol.transport.loseConnection(4413, 'Ten bytes at most')
      return true
    }
    await exchange.send(long.subarray(0, 20))
    expect(await exchange.received()).toEqual(
      Buffer.concat([serverFrame(1, 'too long'), serverFrame(8, closing(4413, 'Ten bytes at most'))]),
    )
    expect(exchange.closed).toBe(false)
    await exchange.send(long.subarray(20), frame(8, closing(4413)))
    exchange.transport.receiveEnd()
    expect(protocol.closed).toMatchObject([{ sentCode: 4413, violation: undefined, wasClean: true }])
  })

  test.each([
    ['returns false', () => false],
    ['returns a promise', () => Promise.resolve(true)],
  ])('closes with 1009 when it %s', async (_, onTooLarge) => {
    const protocol = new Lenient()
    protocol.onTooLarge = onTooLarge
    const exchange = await openExchange(protocol, LIMIT)
    await exchange.send(long)
    const reason = 'Cannot accept a frame of 300 bytes: the limit is 10'
    expect(await exchange.received()).toEqual(serverFrame(8, closing(1009, reason)))
    exchange.transport.receiveEnd()
    expect(protocol.closed).toMatchObject([
      { closedBy: 'us', sentCode: 1009, sentReason: reason, violation: 'message-too-large' },
    ])
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects, after 1009', () => Promise.reject(new Error('broken'))],
  ])('logs when it %s, and closes', async (name, onTooLarge) => {
    const protocol = new Lenient()
    protocol.onTooLarge = onTooLarge
    const exchange = await openExchange(protocol, LIMIT)
    await exchange.send(long)
    expect((await exchange.received()).readUInt16BE(2)).toBe(name === 'throws' ? 1011 : 1009)
    expect(exchange.reactor.flushLoggedErrors()).toEqual([new Error('broken')])
  })

  test('is not called for other violations, and a skipped message must be continued in order', async () => {
    const protocol = new Lenient()
    const exchange = await openExchange(protocol, LIMIT)
    await exchange.send(frame(1, 'x'.repeat(20), { fin: false }), frame(1, 'next'))
    expect((await exchange.received()).readUInt16BE(2)).toBe(1002)
    expect(protocol.refused).toHaveLength(1)
    expect(protocol.calls).toEqual([])
  })

  test('leaves a skipped message that never ends to frameTimeoutMs', async () => {
    const protocol = new Lenient()
    const exchange = await openExchange(protocol, { ...LIMIT, pingIntervalMs: Infinity })
    await exchange.send(frame(1, 'x'.repeat(20), { fin: false }))
    exchange.reactor.advance(60_100)
    expect((await exchange.received()).readUInt16BE(2)).toBe(1008)
  })
})
