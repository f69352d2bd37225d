import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { WebSocketDiagnosticEvents } from '../../src/connection/websocket-events.ts'
import { ClientExchange } from '../client-exchange.ts'
import { openExchange, Pending } from '../pending-protocol.ts'
import { closing, frame, serverFrame } from '../websocket-exchange.ts'

type Events = WebSocketDiagnosticEvents

/** Records the messages of a channel until the test ends. */
function record<N extends keyof Events>(name: N, into: Events[N][] = []): Events[N][] {
  const listener = (message: unknown): void => void into.push(message as Events[N])
  subscribe(name, listener)
  onTestFinished(() => void unsubscribe(name, listener))
  return into
}

/** Records its callbacks, and sends in the first one. */
class Greeting extends Pending {
  override negotiationFinished(): unknown {
    this.calls.push('finished')
    this.transport.sendTextMessage('grüße')
    return undefined
  }
  override textMessageReceived(text: string): unknown {
    this.calls.push(text)
    return undefined
  }
}

describe('the channels of WebSockets', () => {
  test('publish the opening, each message and the end', async () => {
    const [opened, messages, closed] = [
      record('ropewalk.websocket.open'),
      record('ropewalk.websocket.message'),
      record('ropewalk.websocket.close'),
    ]
    const protocol = new Greeting()
    const exchange = await openExchange(protocol)
    const { transport } = protocol
    expect(opened).toEqual([{ transport, protocol }])
    await exchange.send(frame(1, 'ä'), frame(2, 'by', { fin: false }), frame(9, ''), frame(0, 'tes'))
    transport.sendBytesMessage(Buffer.alloc(7))
    expect(messages.map(({ direction, kind, bytes }) => [direction, kind, bytes])).toEqual([
      ['sent', 'text', 7],
      ['received', 'text', 2],
      ['received', 'bytes', 5],
      ['sent', 'bytes', 7],
    ])
    expect(messages.every((message) => message.transport === transport)).toBe(true)
    exchange.reactor.advance(1500)
    await exchange.send(frame(8, closing(1000, 'bye')))
    expect(closed).toEqual([])
    exchange.transport.receiveEnd()
    await exchange.reactor.settle()
    expect(closed).toEqual([
      { transport, protocol, reason: protocol.closed[0], traffic: transport.traffic, durationMs: 1500 },
    ])
    transport.sendTextMessage('late')
    expect(messages).toHaveLength(4)
  })

  test('publish the end after connectionLost, also of a client', async () => {
    const protocol = new Pending()
    const order: string[] = protocol.calls
    const listener = (): void => void order.push('close')
    subscribe('ropewalk.websocket.close', listener)
    onTestFinished(() => void unsubscribe('ropewalk.websocket.close', listener))
    const exchange = new ClientExchange(protocol)
    await exchange.send(serverFrame(9, ''))
    exchange.transport.receiveReset()
    expect(order).toEqual(['lost', 'close'])
  })

  test('read nothing of a message without a subscriber', async () => {
    const protocol = new Greeting()
    const exchange = await openExchange(protocol)
    await exchange.send(frame(1, 'a'))
    expect(protocol.calls).toEqual(['finished', 'a'])
    expect(protocol.transport.traffic.messagesReceived).toBe(1)
  })
})
