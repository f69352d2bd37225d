import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, onTestFinished, test } from 'vitest'
import { prepareMessage } from '../../src/connection/prepared-message.ts'
import type { WebSocketDiagnosticEvents } from '../../src/connection/websocket-events.ts'
import { openExchange, Pending } from '../pending-protocol.ts'
import { closing, frame, serverFrame } from '../websocket-exchange.ts'

describe('transport.traffic', () => {
  test('counts messages, and bytes of all frames, from the first frame on', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    const { transport } = protocol
    expect(transport.traffic).toEqual({
      messagesReceived: 0,
      messagesSent: 0,
      bytesReceived: 0,
      bytesSent: 0,
    })
    const received = [frame(1, 'a'), frame(9, 'ping'), frame(2, 'frag', { fin: false }), frame(0, 'ment')]
    await exchange.send(...received)
    transport.sendTextMessage('grüße')
    transport.sendBytesMessage(Buffer.alloc(70_000))
    transport.ping()
    const before = transport.traffic
    expect(before).toEqual({
      messagesReceived: 2,
      messagesSent: 2,
      bytesReceived: Buffer.concat(received).length,
      bytesSent: serverFrame(10, 'ping').length + serverFrame(1, 'grüße').length + 70_010 + 2,
    })
    expect(await exchange.received()).toHaveLength(before.bytesSent)
    transport.loseConnection(1000)
    expect(transport.sendTextMessage('late')).toBe('dropped')
    expect(transport.traffic).toEqual({ ...before, bytesSent: before.bytesSent + 4 })
    await exchange.send(frame(8, closing(1000)))
    exchange.transport.receiveEnd()
    expect(transport.traffic.bytesReceived).toBe(before.bytesReceived + frame(8, closing(1000)).length)
    protocol.settle()
  })

  test('counts a frame that arrives with the handshake', async () => {
    const protocol = new Pending()
    const exchange = await openExchange(protocol)
    await exchange.send(frame(1, 'early'))
    expect(protocol.transport.traffic).toMatchObject({ messagesReceived: 1, bytesReceived: 11, bytesSent: 0 })
    protocol.settle()
  })

  test('counts messages that are received or sent in parts, prepared, or one by one in their turn', async () => {
    class Parts extends Pending {
      override messageBegin(kind: string): unknown {
        this.calls.push(kind)
        return undefined
      }
    }
    const published: unknown[] = []
    const listener = (message: unknown): void => {
      const { direction, kind, bytes } = message as WebSocketDiagnosticEvents['ropewalk.websocket.message']
      published.push([direction, kind, bytes])
    }
    subscribe('ropewalk.websocket.message', listener)
    onTestFinished(() => void unsubscribe('ropewalk.websocket.message', listener))
    const protocol = new Parts()
    const exchange = await openExchange(protocol)
    const { transport } = protocol
    await exchange.send(frame(1, 'frag', { fin: false }), frame(9, ''), frame(0, 'ment'))
    expect(await transport.sendMessage(['ab', Buffer.from('cde')], { kind: 'text' })).toBe('sent')
    expect(await transport.send('three')).toBe('sent')
    transport.sendPrepared(prepareMessage(Buffer.alloc(4)))
    expect(published).toEqual([
      ['received', 'text', 8],
      ['sent', 'text', 5],
      ['sent', 'text', 5],
      ['sent', 'bytes', 4],
    ])
    expect(transport.traffic).toMatchObject({ messagesReceived: 1, messagesSent: 3 })
    expect(await exchange.received()).toHaveLength(transport.traffic.bytesSent)
  })
})
