import { MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, test, vi } from 'vitest'
import { broadcast } from '../../src/topics/broadcast.ts'
import type { Gap } from '../../src/topics/subscriber.ts'
import { Topics } from '../../src/topics/topics.ts'
import { Client } from './clients.ts'

const CLIENTS = 1000
const SLOW = 100
const TURNS = 200
const PER_TURN = 10
const TEXT = 'x'.repeat(1000)
/** The transport's high-water mark, and what a turn adds to it. */
const MOST_BYTES = 65_536 + PER_TURN * (TEXT.length + 4)

/** A thousand clients, of which a hundred do not read. */
function thousand(reactor: MemoryReactor): {
  readonly quick: readonly Client[]
  readonly slow: readonly Client[]
} {
  const all = Array.from({ length: CLIENTS }, () => new Client(reactor))
  const slow = all.filter((_, at) => at % (CLIENTS / SLOW) === 0)
  for (const client of slow) client.block()
  return { quick: all.filter((client) => !slow.includes(client)), slow }
}

describe('a thousand subscribers, of which a hundred do not read', { timeout: 60_000 }, () => {
  test('get what they can read from a topic, and hold a bounded number of bytes', async () => {
    const reactor = new MemoryReactor()
    const topics = new Topics({ reactor })
    const { quick, slow } = thousand(reactor)
    let missed = 0
    const count = ({ from, to = from }: Gap): void => void (missed += to - from + 1)
    await Promise.all(
      [...quick, ...slow].map((client) => topics.subscribe('feed', client, { missed: count })),
    )
    let bytes = 0
    for (let at = 0; at < TURNS; at++) {
      for (let number = 0; number < PER_TURN; number++) topics.publish('feed', TEXT)
      reactor.advance(0)
      for (const client of quick) bytes += client.bytes().length
      for (const { transport } of slow) expect(transport.bufferedBytes).toBeLessThanOrEqual(MOST_BYTES)
    }
    expect(bytes).toBe(quick.length * TURNS * PER_TURN * (TEXT.length + 4))
    expect(missed).toBe(0)
    let late = 0
    for (const client of slow) {
      await client.unblock()
      late += client.payloads().length
    }
    expect(late).toBeGreaterThan(SLOW * 60)
    expect(late + missed).toBe(SLOW * TURNS * PER_TURN)
  })

  test('get what they can read of a broadcast, and hold a bounded number of bytes', () => {
    const reactor = new MemoryReactor()
    const { quick, slow } = thousand(reactor)
    const all = [...quick, ...slow]
    for (let at = 0; at < TURNS; at++) {
      const { sent, skipped } = broadcast(all, TEXT)
      expect(sent + skipped.length).toBe(CLIENTS)
      if (at > 70) expect(new Set(skipped)).toEqual(new Set(slow))
      for (const client of quick) client.bytes()
    }
    for (const { transport } of slow) expect(transport.bufferedBytes).toBeLessThanOrEqual(MOST_BYTES)
  })

  test('are closed with the policy close, and then hold nothing', async () => {
    const reactor = new MemoryReactor()
    const topics = new Topics({ reactor })
    const { quick, slow } = thousand(reactor)
    await Promise.all(
      [...quick, ...slow].map((client) => topics.subscribe('feed', client, { slow: 'close' })),
    )
    for (let at = 0; at < TURNS; at++) {
      topics.publish('feed', TEXT)
      reactor.advance(0)
      for (const client of quick) client.bytes()
    }
    expect(topics.subscribers('feed')).toEqual(quick)
    reactor.advance(120_000)
    await reactor.settle()
    for (const { transport } of slow) expect(transport.bufferedBytes).toBe(0)
  })
})

describe('a subscriber whose maxQueuedBytes is small', () => {
  test('is notified of each publication that its queue did not take', async () => {
    const reactor = new MemoryReactor()
    const topics = new Topics({ reactor })
    const client = new Client(reactor, { options: { maxQueuedBytes: 10_000, whenFull: 'drop-newest' } })
    const missed: number[] = []
    await topics.subscribe('feed', client, {
      missed: ({ from, to = from }) => {
        for (let number = from; number <= to; number++) missed.push(number)
      },
    })
    client.block()
    const numbers: number[] = []
    for (let turn = 0; turn < 4; turn++) {
      for (let count = 0; count < 5; count++) numbers.push(topics.publish('feed', TEXT.repeat(3)).number)
      reactor.advance(0)
      await reactor.settle()
    }
    await client.unblock()
    const taken = client.payloads().length
    expect(missed).toEqual(numbers.slice(taken))
    expect(missed.length).toBeGreaterThan(9)
  })

  test('is closed with the policy close', async () => {
    const reactor = new MemoryReactor()
    const topics = new Topics({ reactor })
    const client = new Client(reactor, { options: { maxQueuedBytes: 1_000, whenFull: 'drop-newest' } })
    await topics.subscribe('feed', client, { slow: 'close' })
    client.block()
    for (let number = 0; number < 4; number++) topics.publish('feed', TEXT)
    for (let turn = 0; turn < 3; turn++) {
      topics.publish('feed', TEXT)
      reactor.advance(0)
    }
    expect(client.transport.open).toBe(false)
  })
})

test('a send that throws does not keep a topic from its other subscribers, nor from later publications', () => {
  const reactor = new MemoryReactor()
  const topics = new Topics({ reactor })
  const [one, other] = [new Client(reactor), new Client(reactor)]
  for (const client of [one, other]) void topics.subscribe('feed', client)
  const send = vi.spyOn(one.transport, 'sendPrepared').mockImplementation(() => {
    throw new Error('zlib has failed')
  })
  for (const text of ['a', 'b']) topics.publish('feed', text)
  reactor.advance(0)
  send.mockRestore()
  topics.publish('feed', 'c')
  reactor.advance(0)
  expect(one.payloads()).toEqual(['c'])
  expect(other.payloads()).toEqual(['a', 'b', 'c'])
  expect(reactor.flushLoggedErrors()).toMatchObject([{ message: 'zlib has failed' }])
})
