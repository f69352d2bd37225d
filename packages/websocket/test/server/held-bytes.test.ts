import { constants, deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { WebSocketClosed } from '../../src/connection/websocket-connection.ts'
import { WebSocketProtocol } from '../../src/connection/websocket-protocol.ts'
import { HeldBytes, type Holder } from '../../src/server/held-bytes.ts'
import { WebSocketResource } from '../../src/server/websocket-resource.ts'
import { ManyClients } from '../many-clients.ts'
import { frame } from '../websocket-exchange.ts'

class Fake implements Holder {
  size = 0
  reads = 0
  countedBytes = 0
  refusals = 0
  get heldBytes(): number {
    this.reads++
    return this.size
  }
  refused(): void {
    this.refusals++
  }
}

function holders(count: number): Fake[] {
  return Array.from({ length: count }, () => new Fake())
}

describe('HeldBytes', () => {
  function grow(budget: HeldBytes, holder: Fake, heldBytes: number): void {
    holder.size = heldBytes
    budget.count(holder)
  }

  test('adds what connections hold, and subtracts what they no longer hold', () => {
    const budget = new HeldBytes(1_000, () => 2)
    const [one, other] = holders(2) as [Fake, Fake]
    grow(budget, one, 100)
    grow(budget, other, 50)
    grow(budget, one, 70)
    expect(budget.totalBytes).toBe(120)
    budget.forget(other)
    expect(budget.totalBytes).toBe(70)
    budget.forget(other)
    grow(budget, one, 0)
    expect(budget.totalBytes).toBe(0)
  })

  test('refuses at a half of the budget only a connection that grows beyond its share of the other half', () => {
    const budget = new HeldBytes(1_000, () => 4)
    const [large, ...small] = holders(4) as [Fake, Fake, Fake, Fake]
    grow(budget, large, 500)
    expect(large.refusals).toBe(0)
    for (const one of small) grow(budget, one, 125)
    expect(small.map(({ refusals }) => refusals)).toEqual([0, 0, 0])
    grow(budget, large, 501)
    expect(large.refusals).toBe(1)
    const [first] = small
    if (first !== undefined) grow(budget, first, 126)
    expect(first?.refusals).toBe(1)
  })

  test('does not refuse a connection that does not grow', () => {
    const budget = new HeldBytes(1_000, () => 2)
    const [one, other] = holders(2) as [Fake, Fake]
    grow(budget, one, 500)
    grow(budget, other, 250)
    grow(budget, one, 499)
    budget.count(one)
    expect(one.refusals).toBe(0)
  })

  test('counts all connections anew before it refuses, because bytes leave without a call', () => {
    const budget = new HeldBytes(1_000, () => 10)
    const all = holders(10)
    for (let round = 0; round < 100; round++) {
      const one = all[round % 10]
      if (one === undefined) throw new Error('There are ten')
      grow(budget, one, one.size + 90)
      // It leaves, and the budget is not notified.
      one.size = 0
    }
    expect(all.map(({ refusals }) => refusals)).toEqual(all.map(() => 0))
    expect(budget.totalBytes).toBeLessThanOrEqual(1_000)
  })

  test('counts all anew at most once for each sixteenth of the budget', () => {
    const budget = new HeldBytes(16_000, () => 1_000)
    const all = holders(1_000)
    for (const one of all) grow(budget, one, 8)
    for (const one of all) one.reads = 0
    for (const one of all) grow(budget, one, 9)
    // 1 000 bytes are one sixteenth: two passes at most over 1 000 connections, besides the 1 000 calls.
    expect(all.reduce((sum, { reads }) => sum + reads, 0)).toBeLessThanOrEqual(3_000)
  })
})

describe('maxHeldBytes', () => {
  const closed: WebSocketClosed[] = []
  class Keeping extends WebSocketProtocol {
    override textMessageReceived(text: string): unknown {
      if (text === 'wait') return new Promise<void>(() => undefined)
      if (text === 'send') this.transport.sendBytesMessage(Buffer.alloc(60_000))
      return undefined
    }
    override connectionLost(reason: WebSocketClosed): void {
      closed.push(reason)
    }
  }

  function clientsOf(maxHeldBytes: number): { clients: ManyClients; resource: WebSocketResource } {
    closed.length = 0
    const resource = WebSocketResource.forProtocol(Keeping, { maxHeldBytes, departureGraceMs: 0 })
    return { clients: new ManyClients(resource), resource }
  }

  /** The beginning of a message of 1 MiB. */
  const beginning = (bytes: number): Buffer => frame(1, 'x'.repeat(bytes), { fin: false })

  test('counts a message that has not arrived completely', async () => {
    const { clients } = clientsOf(100_000)
    const [one, other] = [await clients.open(), await clients.open()]
    await one.send(beginning(49_000))
    expect(one.received().length).toBe(0)
    await one.send(frame(0, 'x'.repeat(1_100), { fin: false }))
    const frameOfClose = one.received()
    expect(frameOfClose.readUInt16BE(2)).toBe(1013)
    expect(frameOfClose.subarray(4).toString()).toMatch(/hold too many bytes; try again later$/)
    // The other is not closed for what the first one holds.
    await other.send(beginning(24_000))
    expect(other.received().length).toBe(0)
  })

  test('counts a message that is received while it arrives, and is not read', async () => {
    class Reading extends WebSocketProtocol {
      override messageReceived(): Promise<void> {
        return new Promise(() => undefined)
      }
    }
    const clients = new ManyClients(WebSocketResource.forProtocol(Reading, { maxHeldBytes: 100_000 }))
    const client = await clients.open()
    await client.send(beginning(49_000))
    expect(client.received().length).toBe(0)
    await client.send(frame(0, 'x'.repeat(1_100), { fin: false }))
    expect(client.received().readUInt16BE(2)).toBe(1013)
  })

  test('counts what a message that is inflated in several turns has yielded', async () => {
    const options = { maxHeldBytes: 1_000_000, deflate: true }
    const clients = new ManyClients(WebSocketResource.forProtocol(Keeping, options))
    const client = await clients.open({ 'Sec-WebSocket-Extensions': 'permessage-deflate' })
    const bomb = deflateRawSync(Buffer.alloc(1_048_576), { finishFlush: constants.Z_SYNC_FLUSH })
    await client.send(frame(2, bomb.subarray(0, -4), { rsv: 0x40 }))
    for (let turns = 0; turns < 12; turns++) await clients.advance(0)
    expect(client.received().readUInt16BE(2)).toBe(1013)
  })

  test('counts messages that are held back', async () => {
    const { clients } = clientsOf(40_000)
    const client = await clients.open()
    await client.send(frame(1, 'wait'), frame(1, 'x'.repeat(15_000)))
    expect(client.received().length).toBe(0)
    await client.send(frame(1, 'x'.repeat(6_000)))
    expect(client.received().readUInt16BE(2)).toBe(1013)
  })

  test('counts output that is not sent, and aborts a client that does not read it', async () => {
    const { clients } = clientsOf(200_000)
    const client = await clients.open()
    client.transport.block()
    await client.send(frame(1, 'send'))
    expect(client.transport.connected).toBe(true)
    await client.send(frame(1, 'send'), frame(1, 'send'))
    await clients.advance(5_100)
    expect(client.transport.connected).toBe(false)
    expect(closed).toMatchObject([{ sentCode: 1013, closedBy: 'us' }])
  })

  test('is free again when what was held is delivered, sent, or its connection is gone', async () => {
    const { clients } = clientsOf(100_000)
    for (let round = 0; round < 20; round++) {
      const client = await clients.open()
      await client.send(beginning(40_000), frame(0, 'x'.repeat(5_000)))
      await client.send(beginning(40_000))
      expect(client.received().length).toBe(0)
      client.transport.receiveReset()
      await clients.reactor.settle()
    }
    expect(closed).toHaveLength(20)
    const echo = await clients.open()
    for (let round = 0; round < 20; round++) await echo.send(frame(1, 'x'.repeat(20_000)))
    expect(echo.closed).toBe(false)
  })
})
