import { MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import type { WebSocketClosed } from '../../src/connection/websocket-connection.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { MessageRate } from '../../src/server/message-rate.ts'
import { WebSocketResource } from '../../src/server/websocket-resource.ts'
import type { WebSocketResourceOptions } from '../../src/server/websocket-resource-options.ts'
import { ManyClients } from '../many-clients.ts'
import { closing, frame, serverFrame } from '../websocket-exchange.ts'

const received: string[] = []
const closed: WebSocketClosed[] = []
class Noting extends WebSocketProtocol {
  override textMessageReceived(text: string): void {
    received.push(text)
    if (text === 'lose') this.transport.loseConnection()
  }
  override connectionLost(reason: WebSocketClosed): void {
    closed.push(reason)
  }
}

function clientsOf(options: Partial<WebSocketResourceOptions>): ManyClients {
  received.length = 0
  closed.length = 0
  return new ManyClients(WebSocketResource.forProtocol(Noting, options))
}

describe('MessageRate', () => {
  test('is not made without a limit', () => {
    const reactor = new MemoryReactor()
    const endless = { maxMessagesPerSecond: Infinity, maxBytesPerSecond: Infinity }
    expect(MessageRate.for(endless, reactor, () => undefined)).toBeUndefined()
    expect(MessageRate.for({ ...endless, maxBytesPerSecond: 1 }, reactor, () => undefined)).toBeDefined()
  })
})

describe('maxMessagesPerSecond', () => {
  test('delivers a burst of one second, and the rest at the rate; nothing is lost', async () => {
    const clients = clientsOf({ maxMessagesPerSecond: 10 })
    const client = await clients.open()
    await client.send(Buffer.concat(Array.from({ length: 40 }, (_, at) => frame(1, String(at)))))
    expect(received).toHaveLength(10)
    await clients.advance(1_100)
    expect(received.length).toBeGreaterThan(15)
    expect(received.length).toBeLessThanOrEqual(21)
    for (let waited = 0; waited < 3_000; waited += 100) await clients.advance(100)
    expect(received).toEqual(Array.from({ length: 40 }, (_, at) => String(at)))
    expect(client.closed).toBe(false)
  })

  test('counts pings and pongs, so that a flood of them is slowed down too', async () => {
    const clients = clientsOf({ maxMessagesPerSecond: 5 })
    const client = await clients.open()
    await client.send(Buffer.concat(Array.from({ length: 4 }, () => frame(10, 'p'))))
    await client.send(Buffer.concat(Array.from({ length: 1_000 }, () => frame(9))))
    expect(client.received()).toEqual(serverFrame(10))
    await clients.advance(1_000)
    expect(client.received().length).toBeLessThanOrEqual(2 * 6)
  })

  test('counts the fragments of a message once', async () => {
    const clients = clientsOf({ maxMessagesPerSecond: 2 })
    const client = await clients.open()
    const fragments = ['b', 'c', 'd'].map((text) => frame(0, text, { fin: false }))
    await client.send(frame(1, 'a', { fin: false }), ...fragments, frame(0, 'e'))
    await client.send(frame(1, 'second'), frame(1, 'third'))
    expect(received).toEqual(['abcde', 'second'])
  })

  test('reads the close frame of a client that it slows down once this side closes', async () => {
    const clients = clientsOf({ maxMessagesPerSecond: 1 / 60 })
    const client = await clients.open()
    await client.send(Buffer.concat([frame(1, 'lose'), frame(1, 'late'), frame(8, closing(1000))]))
    expect(client.closed).toBe(true)
    client.transport.receiveEnd()
    await clients.reactor.settle()
    expect(closed).toMatchObject([{ wasClean: true, sentCode: 1000 }])
    expect(received).toEqual(['lose'])
  })

  test('delivers what was received before the FIN of a client that it slows down', async () => {
    const clients = clientsOf({ maxMessagesPerSecond: 1 })
    const client = await clients.open()
    await client.send(Buffer.concat([frame(1, 'a'), frame(1, 'b')]))
    expect(received).toEqual(['a'])
    client.transport.receiveEnd()
    await clients.reactor.settle()
    expect(received).toEqual(['a', 'b'])
    expect(closed).toHaveLength(1)
  })
})

describe('maxBytesPerSecond', () => {
  test('slows a client down after a message of more than its rate, and closes nothing', async () => {
    const clients = clientsOf({ maxBytesPerSecond: 1_000 })
    const client = await clients.open()
    await client.send(frame(1, 'x'.repeat(3_000)), frame(1, 'y'))
    expect(received.map((text) => text[0])).toEqual(['x'])
    await clients.advance(1_900)
    expect(received).toHaveLength(1)
    await clients.advance(300)
    expect(received).toHaveLength(2)
    expect(client.closed).toBe(false)
  })

  test('counts the bytes of a message that has not arrived completely', async () => {
    const clients = clientsOf({ maxBytesPerSecond: 1_000 })
    const client = await clients.open()
    await client.send(frame(1, 'x'.repeat(2_000), { fin: false }), frame(9, 'p'))
    expect(client.received().length).toBe(0)
    await clients.advance(1_200)
    expect(client.received()).toEqual(serverFrame(10, 'p'))
  })

  test('reads no more than the read-ahead of a client that sends on', async () => {
    const clients = clientsOf({ maxBytesPerSecond: 10 })
    const client = await clients.open()
    await client.send(frame(1, 'x'.repeat(100)))
    for (let sent = 0; sent < 4; sent++) await client.send(Buffer.alloc(16_384, frame(9)))
    expect(client.received().length).toBe(0)
    expect(received).toHaveLength(1)
  })

  test('refuses rates that are not above 0', () => {
    for (const name of ['maxMessagesPerSecond', 'maxBytesPerSecond', 'maxLifetimeMs', 'maxHeldBytes'])
      for (const value of [0, -1, NaN])
        expect(() => WebSocketResource.forProtocol(Noting, { [name]: value }), name).toThrow(RangeError)
  })
})
