import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { openExchange } from '../pending-protocol.ts'
import { closing, frame } from '../websocket-exchange.ts'
import { outline } from './sent-frames.ts'

class Parts extends WebSocketProtocol {
  readonly calls: string[] = []
  pending: (() => void) | undefined
  waits = false

  override messageBegin(kind: string): unknown {
    this.calls.push(`begin ${kind}`)
    return this.waits ? new Promise<void>((resolve) => (this.pending = resolve)) : undefined
  }
  override messageFrameDataReceived(data: Buffer): void {
    const before = this.calls.at(-1) ?? ''
    if (before.startsWith('data ')) this.calls[this.calls.length - 1] = before + data.toString('latin1')
    else this.calls.push(`data ${data.toString('latin1')}`)
  }
  override messageFrameEnd(): void {
    this.calls.push('frame end')
  }
  override messageEnd(): void {
    this.calls.push('end')
  }
  override textMessageReceived(): void {
    this.calls.push('whole')
  }
  override connectionLost(): void {
    this.calls.push('lost')
  }
}

describe('messageBegin', () => {
  const bytes = Buffer.concat([
    frame(1, 'one', { fin: false }),
    frame(9, '?'),
    frame(0, '', { fin: false }),
    frame(0, 'two'),
    frame(2, ''),
  ])
  const CALLS = ['begin text', 'data one', 'frame end', 'frame end', 'data two', 'frame end', 'end']
  const ALL = [...CALLS, 'begin bytes', 'frame end', 'end']

  test('receives a message in parts, under every cut', async () => {
    for (const pieces of chunkings(bytes)) {
      const protocol = new Parts()
      const exchange = await openExchange(protocol)
      await exchange.send(...pieces)
      expect(protocol.calls).toEqual(ALL)
      expect(outline(await exchange.received())).toBe('a ?')
    }
  })

  test('delivers no part while a promise is pending, but replies to pings', async () => {
    const protocol = new Parts()
    protocol.waits = true
    const exchange = await openExchange(protocol)
    await exchange.send(bytes)
    expect(protocol.calls).toEqual(['begin text'])
    expect(outline(await exchange.received())).toBe('a ?')
    protocol.pending?.()
    await exchange.reactor.settle()
    protocol.pending?.()
    await exchange.reactor.settle()
    expect(protocol.calls).toEqual(ALL)
  })

  test('makes the peer wait beyond maxBytesAhead, also in pieces of one byte', async () => {
    const protocol = new Parts()
    protocol.waits = true
    const exchange = await openExchange(protocol, { maxBytesAhead: 1000 })
    await exchange.send(frame(1, '', { fin: false }))
    for (let count = 0; count < 40; count++) await exchange.send(frame(0, 'x', { fin: false }))
    await exchange.send(frame(9, 'late'))
    expect(outline(await exchange.received())).toBe('')
    protocol.pending?.()
    await exchange.reactor.settle()
    expect(outline(await exchange.received())).toBe('a late')
    expect(protocol.calls.filter((call) => call === 'data x')).toHaveLength(40)
  })

  test('has no end when the WebSocket ends within a message', async () => {
    const protocol = new Parts()
    const exchange = await openExchange(protocol)
    await exchange.send(frame(1, 'one', { fin: false }), frame(8, closing(1000)))
    exchange.transport.receiveEnd()
    await exchange.reactor.settle()
    expect(protocol.calls).toEqual(['begin text', 'data one', 'frame end', 'lost'])
  })
})

describe('rawTextMessageReceived', () => {
  class Raw extends WebSocketProtocol {
    readonly calls: string[] = []
    override rawTextMessageReceived(utf8: Buffer): void {
      this.calls.push(`raw ${utf8.toString()}`)
      this.transport.sendTextMessage(utf8)
    }
    override bytesMessageReceived(data: Buffer): void {
      this.calls.push(`bytes ${data.toString()}`)
    }
    override textMessageReceived(): void {
      this.calls.push('decoded')
    }
  }

  test('receives text as bytes, which can be sent as text', async () => {
    const bytes = Buffer.concat([frame(1, 'é'), frame(2, 'b'), frame(1, 'a', { fin: false }), frame(0, '€')])
    for (const pieces of chunkings(bytes)) {
      const protocol = new Raw()
      const exchange = await openExchange(protocol)
      await exchange.send(...pieces)
      expect(protocol.calls).toEqual(['raw é', 'bytes b', 'raw a€'])
      expect(outline(await exchange.received())).toBe('1 é, 1 a€')
    }
  })

  test('is not called for text that is not UTF-8', async () => {
    const protocol = new Raw()
    const exchange = await openExchange(protocol)
    await exchange.send(frame(1, Buffer.of(0xff)))
    expect(protocol.calls).toEqual([])
    const close = await exchange.received()
    expect(close.subarray(2, 4)).toEqual(Buffer.of(1007 >> 8, 1007 & 0xff))
  })
})
