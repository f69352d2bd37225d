import { describe, expect, test } from 'vitest'
import { WebSocketProtocol } from '../src/websocket-protocol.ts'
import { WebSocketResource } from '../src/websocket-resource.ts'
import type { WebSocketTransport } from '../src/websocket-transport.ts'
import { answer, closing, frame, SiteExchange } from './websocket-exchange.ts'

const heard: string[] = []

class Listener extends WebSocketProtocol {
  override textMessageReceived(text: string): void {
    heard.push(text)
  }
  override pongReceived(payload: Buffer): void {
    heard.push(`pong ${payload.toString()}`)
  }
}

async function open(): Promise<{ exchange: SiteExchange; transport: WebSocketTransport }> {
  heard.length = 0
  let transport: WebSocketTransport | undefined
  class Opened extends Listener {
    override negotiationFinished(): void {
      transport = this.transport
    }
  }
  const exchange = new SiteExchange(WebSocketResource.forProtocol(Opened))
  await exchange.open()
  if (transport === undefined) throw new Error('Cannot test a WebSocket that did not open')
  return { exchange, transport }
}

describe('WebSocketTransport', () => {
  test('sends messages and pings, and tells who is there', async () => {
    const { exchange, transport } = await open()
    expect(transport.open).toBe(true)
    expect(transport.subprotocol).toBeUndefined()
    expect(transport.getPeer()).toMatchObject({ host: '192.168.1.1' })
    expect(transport.getHost()).toMatchObject({ host: '10.0.0.1' })
    expect(transport.sendTextMessage('a')).toBe(true)
    expect(transport.sendBytesMessage(Uint8Array.of(1))).toBe(true)
    expect(transport.ping(Buffer.from('p'))).toBe(true)
    expect(() => transport.ping(Buffer.alloc(126))).toThrow(RangeError)
    expect(await exchange.received()).toEqual(
      Buffer.concat([answer(1, 'a'), answer(2, Uint8Array.of(1)), answer(9, 'p')]),
    )
    await exchange.send(frame(10, 'p'))
    expect(heard).toEqual(['pong p'])
  })

  test('refuses close codes and reasons that cannot be sent, and stays open', async () => {
    const { exchange, transport } = await open()
    expect(() => transport.loseConnection(1006)).toThrow(RangeError)
    expect(() => transport.loseConnection(1000, 'x'.repeat(124))).toThrow(RangeError)
    expect(transport.open).toBe(true)
    transport.loseConnection(4000, 'enough')
    transport.loseConnection(4001)
    expect(transport.sendTextMessage('late')).toBe(false)
    expect(await exchange.received()).toEqual(answer(8, closing(4000, 'enough')))
  })

  test('answers false when the peer does not read, and drained() waits for it', async () => {
    const { exchange, transport } = await open()
    exchange.transport.block()
    expect(transport.sendBytesMessage(Buffer.alloc(100_000))).toBe(false)
    expect(transport.bufferedBytes).toBeGreaterThan(100_000)
    let drained: boolean | undefined
    void transport.drained().then((goOn) => (drained = goOn))
    await exchange.reactor.settle()
    expect(drained).toBeUndefined()
    exchange.transport.unblock()
    await exchange.reactor.settle()
    expect(drained).toBe(true)
  })

  test('pauses and resumes messages', async () => {
    const { exchange, transport } = await open()
    transport.pauseProducing()
    await exchange.send(frame(1, 'one'), frame(1, 'two'))
    expect(heard).toEqual([])
    transport.resumeProducing()
    await exchange.reactor.settle()
    expect(heard).toEqual(['one', 'two'])
  })

  test('a producer is paused above the high-water mark', async () => {
    const { exchange, transport } = await open()
    const calls: string[] = []
    exchange.transport.block()
    transport.attachProducer(
      {
        pauseProducing: () => calls.push('pause'),
        resumeProducing: () => calls.push('resume'),
        stopProducing: () => calls.push('stop'),
      },
      true,
    )
    transport.sendBytesMessage(Buffer.alloc(100_000))
    exchange.transport.unblock()
    await exchange.reactor.settle()
    transport.detachProducer()
    expect(calls).toEqual(['pause', 'resume'])
  })

  test('abortConnection ends it without a close frame', async () => {
    const { exchange, transport } = await open()
    const { signal } = transport
    transport.abortConnection()
    expect((await exchange.received()).length).toBe(0)
    expect(signal.aborted).toBe(true)
  })
})
