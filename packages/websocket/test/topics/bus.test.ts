import { flushLoggedErrors, MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { type Bus, MemoryBus } from '../../src/topics/bus.ts'
import { Topics } from '../../src/topics/topics.ts'
import { serverFrame } from '../websocket-exchange.ts'
import { Client } from './clients.ts'

const reactor = new MemoryReactor()

async function turn(): Promise<void> {
  reactor.advance(0)
  await reactor.settle()
}

describe('MemoryBus', () => {
  test('delivers a copy to every subscription of the subject until it ends', async () => {
    const bus = new MemoryBus()
    const received: string[] = []
    const data = Buffer.from('a')
    const call = (bytes: Buffer): void => {
      received.push(bytes.toString())
      bytes.fill(0)
    }
    const [first] = await Promise.all([
      bus.subscribe('s', call),
      bus.subscribe('s', call),
      bus.subscribe('t', call),
    ])
    expect(bus.publish('s', data)).toBe(true)
    expect([received, data.toString()]).toEqual([['a', 'a'], 'a'])
    first.unsubscribe()
    first.unsubscribe()
    bus.publish('s', data)
    bus.publish('nowhere', data)
    expect(received).toEqual(['a', 'a', 'a'])
  })

  test('drops what is published while it is down or closed, and reports its status', async () => {
    const bus = new MemoryBus()
    const seen: string[] = []
    const received: string[] = []
    const unwatch = bus.onStatus((status) => seen.push(status))
    await bus.subscribe('s', (bytes) => received.push(bytes.toString()))
    bus.setDown(true)
    bus.setDown(true)
    expect(bus.publish('s', Buffer.from('lost'))).toBe(false)
    bus.setDown(false)
    bus.publish('s', Buffer.from('back'))
    unwatch()
    await bus.close()
    bus.setDown(false)
    expect([bus.status, bus.publish('s', Buffer.from('late'))]).toEqual(['closed', false])
    expect([seen, received]).toEqual([['down', 'up'], ['back']])
  })
})

describe('Topics on one bus', () => {
  test('deliver to the subscribers of all, once, as text or bytes', async () => {
    const bus = new MemoryBus()
    const [one, other] = [new Topics({ reactor, bus }), new Topics({ reactor, bus })]
    const [ann, bob] = [new Client(reactor), new Client(reactor)]
    await one.subscribe('room', ann)
    await other.subscribe('room', bob)
    one.publish('room', 'é')
    other.publish('room', Uint8Array.of(1, 2))
    one.publish('elsewhere', 'not for them')
    await turn()
    const text = serverFrame(1, 'é')
    const bytes = serverFrame(2, Uint8Array.of(1, 2))
    expect(ann.bytes()).toEqual(Buffer.concat([text, bytes]))
    expect(bob.bytes()).toEqual(Buffer.concat([text, bytes]))
  })

  test('carry source and number, and are kept apart by their prefix', async () => {
    const bus = new MemoryBus()
    const [one, other] = [new Topics({ reactor, bus }), new Topics({ reactor, bus })]
    const foreign = new Topics({ reactor, bus, prefix: 'other' })
    const got: unknown[] = []
    const received = ({ topic, source, number, data }: Record<string, unknown>): void =>
      void got.push({ topic, source, number, data })
    await other.subscribe('room', { received: received as never, missed() {} })
    one.publish('room', '1')
    foreign.publish('room', 'foreign')
    const { source } = one.publish('room', '2')
    await turn()
    expect(got).toEqual([
      { topic: 'room', source, number: 1, data: Buffer.from('1') },
      { topic: 'room', source, number: 2, data: Buffer.from('2') },
    ])
  })

  test('subscribe to a subject with the first subscriber, and unsubscribe after the last', async () => {
    const subjects: string[] = []
    const bus: Bus = Object.assign(new MemoryBus(), {
      subscribe: (subject: string) => {
        subjects.push(`+${subject}`)
        return Promise.resolve({ unsubscribe: () => void subjects.push(`-${subject}`) })
      },
    })
    const topics = new Topics({ reactor, bus, prefix: 'p' })
    const [ann, bob] = [new Client(reactor), new Client(reactor)]
    for (const client of [ann, bob]) await topics.subscribe('room', client)
    ann.reset()
    await reactor.settle()
    expect(subjects).toEqual(['+p.t.room'])
    topics.unsubscribe('room', bob)
    await reactor.settle()
    expect(subjects).toEqual(['+p.t.room', '-p.t.room'])
  })

  test('end a subscription that the bus does not accept', async () => {
    const bus = Object.assign(new MemoryBus(), { subscribe: () => Promise.reject(new Error('closed')) })
    const topics = new Topics({ reactor, bus })
    const client = new Client(reactor)
    await expect(topics.subscribe('room', client)).rejects.toThrow('closed')
    expect(topics.subscribers('room')).toEqual([])
    void topics.subscribe('room', client)
    await reactor.settle()
    expect(flushLoggedErrors(reactor.logged)).toEqual([new Error('closed')])
  })

  test('log and drop bytes that no Topics has published', async () => {
    const bus = new MemoryBus()
    const topics = new Topics({ reactor, bus })
    const client = new Client(reactor)
    await topics.subscribe('room', client)
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(14, 1), Buffer.alloc(15, 3)]) {
      reactor.logged.length = 0
      bus.publish('ropewalk.t.room', bytes)
      expect(reactor.logged).toMatchObject([
        { level: 'warn', text: 'Dropped bytes that no Topics published in room' },
      ])
    }
    bus.publish('ropewalk.t.room', Buffer.alloc(15, 1))
    await turn()
    expect(client.bytes()).toEqual(serverFrame(1, ''))
  })

  test('go on in their own process while the bus is down', async () => {
    const bus = new MemoryBus()
    const topics = new Topics({ reactor, bus })
    const client = new Client(reactor)
    await topics.subscribe('room', client)
    bus.setDown(true)
    topics.publish('room', 'here')
    await turn()
    expect(client.payloads()).toEqual(['here'])
  })
})
