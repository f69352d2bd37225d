import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import type { WebSocketMessage } from '../../src/connection/incoming-message.ts'
import type { WebSocketClosed } from '../../src/connection/websocket-connection.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { openExchange } from '../pending-protocol.ts'
import { closing, frame, type SiteExchange } from '../websocket-exchange.ts'
import { outline } from './sent-frames.ts'

/** Records calls, and reads messages as `read` does. */
class Reading extends WebSocketProtocol {
  readonly calls: string[] = []
  readonly read: (message: WebSocketMessage, protocol: Reading) => unknown

  constructor(read: (message: WebSocketMessage, protocol: Reading) => unknown) {
    super()
    this.read = read
  }
  override messageReceived(message: WebSocketMessage): unknown {
    this.calls.push(message.kind)
    return this.read(message, this)
  }
  override textMessageReceived(): void {
    this.calls.push('a whole text')
  }
  override connectionLost({ code, closedBy }: WebSocketClosed): void {
    this.calls.push(`lost ${code} ${closedBy}`)
  }
}

/** Reads a message in pieces, and records them and how it ended. */
async function record(message: WebSocketMessage, { calls }: Reading): Promise<void> {
  try {
    for await (const chunk of message) calls.push(chunk.toString())
    calls.push('end')
  } catch (error) {
    calls.push((error as Error).name)
    throw error
  }
}

async function settled({ exchange }: { exchange: SiteExchange }): Promise<void> {
  await exchange.reactor.settle()
}

async function open(read: Reading['read'], options: Parameters<typeof openExchange>[1] = {}) {
  const protocol = new Reading(read)
  return { protocol, calls: protocol.calls, exchange: await openExchange(protocol, options) }
}

describe('messageReceived', () => {
  test('is called when a message begins, and reads it while it arrives', async () => {
    const { exchange, calls } = await open(record)
    await exchange.send(frame(1, 'one', { fin: false }))
    expect(calls).toEqual(['text', 'one'])
    await exchange.send(frame(0, 'two', { fin: false }), frame(9, '?'))
    expect(calls).toEqual(['text', 'one', 'two'])
    await exchange.send(frame(0, ''), frame(2, 'bytes'))
    expect(calls).toEqual(['text', 'one', 'two', 'end', 'bytes', 'bytes', 'end'])
    expect(outline(await exchange.received())).toBe('a ?')
  })

  test('receives the same text under every cut, in strings that end between characters', async () => {
    const text = 'aé€😀b'
    const bytes = Buffer.concat([
      frame(1, Buffer.from(text).subarray(0, 5), { fin: false }),
      frame(0, Buffer.from(text).subarray(5)),
      frame(2, 'next'),
      frame(8, closing(1000)),
    ])
    for (const pieces of chunkings(bytes)) {
      const { exchange, calls } = await open(record)
      await exchange.send(...pieces)
      const message = calls.slice(1, calls.indexOf('end'))
      expect(message.join('')).toBe(text)
      for (const chunk of message) expect(chunk).not.toContain('\ufffd')
      expect(
        calls
          .slice(calls.indexOf('end') + 1)
          .join('')
          .replaceAll('end', ''),
      ).toMatch(/^bytesnext/)
    }
  })

  test('sends its reply before the reply to a close frame that follows, under every cut', async () => {
    const bytes = Buffer.concat([
      frame(1, 'one ', { fin: false }),
      frame(0, 'two'),
      frame(1, 'three'),
      frame(8, closing(1000)),
    ])
    for (const pieces of chunkings(bytes)) {
      const { exchange } = await open(async (message, { transport }) => {
        transport.sendTextMessage(await message.text())
      })
      await exchange.send(...pieces)
      expect(outline(await exchange.received())).toBe('1 one two, 1 three, 8 \u0003\ufffd')
    }
  })

  test('makes the peer wait beyond maxBytesAhead, and reads on when the message is read', async () => {
    let goOn: () => void = () => undefined
    const { exchange, calls } = await open(
      async (message) => {
        await new Promise<void>((resolve) => (goOn = resolve))
        calls.push(String((await message.bytes(Infinity)).length))
      },
      { maxMessageBytes: Infinity, maxBytesAhead: 1000 },
    )
    await exchange.send(frame(2, Buffer.alloc(3000), { fin: false }), frame(9, 'late'))
    expect(outline(await exchange.received())).toBe('')
    goOn()
    await settled({ exchange })
    expect(outline(await exchange.received())).toBe('a late')
    await exchange.send(frame(0, 'end'))
    expect(calls).toEqual(['bytes', '3003'])
  })

  test('receives more than fits into memory at once when maxMessageBytes is Infinity', async () => {
    let bytes = 0
    let most = 0
    const { exchange, calls } = await open(
      async (message) => {
        for await (const chunk of message) {
          bytes += chunk.length
          most = Math.max(most, chunk.length)
        }
        calls.push('end')
      },
      { maxMessageBytes: Infinity },
    )
    const piece = Buffer.alloc(60_000)
    await exchange.send(frame(2, piece, { fin: false }))
    for (let count = 0; count < 50; count++) await exchange.send(frame(0, piece, { fin: false }))
    await exchange.send(frame(0, ''))
    expect(bytes).toBe(51 * 60_000)
    expect(most).toBeLessThan(65_537)
    expect(calls).toEqual(['bytes', 'end'])
  })

  test.each([
    ['returns without reading', () => undefined],
    ['returns a promise without reading', () => Promise.resolve()],
    [
      'leaves the loop',
      async (message: WebSocketMessage) => {
        for await (const _ of message) break
      },
    ],
    [
      'reads on after it has returned',
      (message: WebSocketMessage) => void message.bytes().catch(() => undefined),
    ],
  ])('discards the rest of a message when it %s', async (_, read) => {
    const first = [read]
    const { exchange, calls } = await open(
      async (message, protocol) =>
        (first.pop() ?? ((next: WebSocketMessage) => record(next, protocol)))(message),
      { maxMessageBytes: Infinity, maxBytesAhead: 100 },
    )
    await exchange.send(frame(1, 'x', { fin: false }))
    for (let count = 0; count < 20; count++)
      await exchange.send(frame(0, Buffer.alloc(1000, 'x'), { fin: false }))
    await exchange.send(frame(0, 'x'), frame(1, 'next'))
    expect(calls).toEqual(['text', 'text', 'next', 'end'])
  })

  test('does not discard a message that waits for the callback before it', async () => {
    let goOn: () => void = () => undefined
    const { exchange, calls } = await open(async (message, protocol) => {
      await record(message, protocol)
      await new Promise<void>((resolve) => (goOn = resolve))
    })
    await exchange.send(frame(1, 'one'), frame(1, 'two'))
    expect(calls).toEqual(['text', 'one', 'end'])
    goOn()
    await settled({ exchange })
    expect(calls).toEqual(['text', 'one', 'end', 'text', 'two', 'end'])
  })

  test.each([
    ['a close frame', (exchange: SiteExchange) => exchange.send(frame(8, closing(1001)))],
    ['the end of the connection', (exchange: SiteExchange) => exchange.transport.receiveEnd()],
    ['a reset', (exchange: SiteExchange) => exchange.transport.receiveReset()],
    ['a violation', (exchange: SiteExchange) => exchange.send(frame(3))],
    ['text that is not UTF-8', (exchange: SiteExchange) => exchange.send(frame(0, Buffer.of(0xff)))],
  ] as const)('throws within a message after %s, which is not logged', async (what, end) => {
    const { exchange, calls } = await open(record)
    await exchange.send(frame(1, 'one', { fin: false }))
    await Promise.resolve(end(exchange))
    exchange.transport.receiveEnd()
    await settled({ exchange })
    const ends = calls.slice(2).map((call) => call.split(' ')[0])
    // After a reset, connectionLost is called at once.
    const cut = ['IncompleteMessageError', 'lost']
    expect(ends).toEqual(what === 'a reset' ? cut.toReversed() : cut)
    expect(exchange.reactor.logged.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('throws within a message after our own close', async () => {
    const { exchange, calls, protocol } = await open(record)
    await exchange.send(frame(1, 'one', { fin: false }))
    protocol.transport.loseConnection(4000)
    await settled({ exchange })
    expect(calls).toEqual(['text', 'one', 'IncompleteMessageError'])
    expect(outline(await exchange.received())).toMatch(/^8 /)
  })

  test('closes with 1011 when it throws, and with 1009 when a whole message is too long', async () => {
    const failing = await open(() => {
      throw new Error('failed')
    })
    await failing.exchange.send(frame(1, 'one', { fin: false }))
    expect(outline(await failing.exchange.received())).toBe('8 \u0003\ufffd')
    expect(failing.exchange.reactor.flushLoggedErrors()).toMatchObject([{ message: 'failed' }])
    const limited = await open((message) => message.text(3), { maxMessageBytes: Infinity })
    await limited.exchange.send(frame(1, 'four'))
    const close = await limited.exchange.received()
    expect(close.subarray(2, 4)).toEqual(Buffer.of(1009 >> 8, 1009 & 0xff))
    expect(limited.exchange.reactor.logged).toEqual([])
  })

  test('rejects when the message is read in two ways at the same time', async () => {
    const outcomes: string[] = []
    const { exchange } = await open(async (message) => {
      const both = await Promise.allSettled([message.text(), message.bytes()])
      for (const { status } of both) outcomes.push(status)
    })
    await exchange.send(frame(1, 'one', { fin: false }), frame(0, 'two'))
    expect(outcomes).toEqual(['rejected', 'rejected'])
  })

  test('gives the bytes of a text message', async () => {
    const { exchange, calls } = await open(async (message) => {
      for await (const data of message.data()) calls.push(data.toString('hex'))
    })
    await exchange.send(frame(1, Buffer.of(0xc3), { fin: false }), frame(0, Buffer.of(0xa9)))
    expect(calls).toEqual(['text', 'c3', 'a9'])
  })

  test('reads the message under way to its end when the reactor stops', async () => {
    const { exchange, calls } = await open(record)
    await exchange.send(frame(1, 'one', { fin: false }))
    exchange.transport.drain()
    await exchange.send(frame(0, 'two'), frame(1, 'three'))
    expect(calls).toEqual(['text', 'one', 'two', 'end'])
    expect(outline(await exchange.received())).toBe('8 \u0003\ufffd')
  })
})
