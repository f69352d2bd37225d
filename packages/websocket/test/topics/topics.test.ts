import { flushLoggedErrors, leftovers, MemoryReactor } from '@ropewalk/core/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { prepareMessage } from '../../src/connection/prepared-message.ts'
import { Topics } from '../../src/topics/topics.ts'
import type { Publication, Subscriber } from '../../src/topics/subscriber.ts'
import { serverFrame } from '../websocket-exchange.ts'
import { Client, LARGE } from './clients.ts'

let reactor: MemoryReactor
let topics: Topics

beforeEach(() => {
  reactor = new MemoryReactor()
  topics = new Topics({ reactor })
})

async function subscribed(topic: string, count: number): Promise<Client[]> {
  const clients = Array.from({ length: count }, () => new Client(reactor))
  await Promise.all(clients.map((client) => topics.subscribe(topic, client)))
  return clients
}

/** Ends the turn. */
async function turn(): Promise<void> {
  reactor.advance(0)
  await reactor.settle()
}

/** Records what it receives, and calls `on` with it. */
class Recorder implements Subscriber {
  readonly received = (publication: Publication): void => {
    this.got.push(publication.data.toString())
    this.on(publication)
  }
  readonly got: string[] = []
  on: (publication: Publication) => unknown = () => undefined
  missed(): void {}
}

describe('Topics', () => {
  test('delivers at the end of the turn to all subscribers of the topic', async () => {
    const [ann, bob] = (await subscribed('room', 2)) as [Client, Client]
    const [other] = (await subscribed('other', 1)) as [Client]
    const scheduled = reactor.getDelayedCalls()
    topics.publish('room', 'text')
    topics.publish('room', Uint8Array.of(1))
    topics.publish('room', prepareMessage('ready'))
    expect(ann.bytes().length).toBe(0)
    await turn()
    const frames = [serverFrame(1, 'text'), serverFrame(2, Uint8Array.of(1)), serverFrame(1, 'ready')]
    for (const client of [ann, bob]) expect(client.bytes()).toEqual(Buffer.concat(frames))
    expect(other.payloads()).toEqual([])
    expect(reactor.getDelayedCalls()).toEqual(scheduled)
  })

  test('sends what was published in a turn with one write to each subscriber', async () => {
    const [client] = (await subscribed('room', 1)) as [Client]
    let writes = 0
    const send = client.transport.sendPrepared.bind(client.transport)
    client.transport.sendPrepared = (prepared) => {
      writes++
      return send(prepared)
    }
    for (let at = 0; at < 100; at++) topics.publish('room', `${at}`)
    await turn()
    expect(writes).toBe(1)
    expect(client.payloads()).toEqual(Array.from({ length: 100 }, (_, at) => `${at}`))
    for (let at = 0; at < 10; at++) topics.publish('room', 'y'.repeat(20_000))
    await turn()
    expect(writes).toBe(1 + 4)
  })

  test('keeps the order of publications in several topics', async () => {
    const [client] = (await subscribed('a', 1)) as [Client]
    await topics.subscribe('b', client)
    for (const text of ['a1', 'a2', 'b1', 'a3', 'b2', 'b3']) topics.publish(text.charAt(0), text)
    await turn()
    expect(client.payloads()).toEqual(['a1', 'a2', 'b1', 'a3', 'b2', 'b3'])
  })

  test('delivers at once with flush, and sends directly sent messages before', async () => {
    const [client] = (await subscribed('room', 1)) as [Client]
    topics.publish('room', '2')
    client.transport.sendTextMessage('1')
    topics.flush()
    client.transport.sendTextMessage('3')
    expect(client.payloads()).toEqual(['1', '2', '3'])
    await turn()
    expect(client.payloads()).toEqual([])
  })

  test('returns each publication with its source and number', () => {
    const first = topics.publish('room', 'a')
    expect(first).toMatchObject({ topic: 'room', number: 1 })
    expect(first.source).toMatch(/^[0-9a-f]{16}$/)
    expect(topics.publish('room', 'b')).toMatchObject({ number: 2, source: first.source })
    expect(topics.publish('hall', 'c').number).toBe(1)
    expect(new Topics({ reactor }).publish('room', 'd').source).not.toBe(first.source)
    expect(first.data).toEqual(Buffer.from('a'))
  })

  test('does not deliver to the subscriber in except', async () => {
    const [ann, bob] = (await subscribed('room', 2)) as [Client, Client]
    topics.publish('room', '1')
    topics.publish('room', '2', { except: ann })
    topics.publish('room', '3', { except: bob.transport })
    await turn()
    expect([ann.payloads(), bob.payloads()]).toEqual([
      ['1', '3'],
      ['1', '2'],
    ])
  })

  test('delivers neither what was published before the subscription nor after its end', async () => {
    const [ann, bob] = (await subscribed('room', 2)) as [Client, Client]
    const cleo = new Client(reactor)
    topics.publish('room', '1')
    void topics.subscribe('room', cleo)
    topics.unsubscribe('room', bob)
    topics.publish('room', '2')
    await turn()
    expect([ann, bob, cleo].map((client) => client.payloads())).toEqual([['1', '2'], [], ['2']])
  })

  test('counts protocol and transport of a WebSocket, and a second subscription, as one', async () => {
    const [client] = (await subscribed('room', 1)) as [Client]
    const again = await topics.subscribe('room', client.transport, { slow: 'close' })
    topics.publish('room', 'once')
    await turn()
    expect(client.payloads()).toEqual(['once'])
    expect(topics.subscribers('room')).toEqual([client])
    again.unsubscribe()
    expect(topics.subscribers('room')).toEqual([])
  })

  test('lists subscribers of a topic and topics of a subscriber', async () => {
    const [ann, bob] = (await subscribed('room', 2)) as [Client, Client]
    await topics.subscribe('hall', bob)
    expect(topics.subscribers('room')).toEqual([ann, bob])
    expect(topics.topicsOf(bob)).toEqual(['room', 'hall'])
    expect(topics.topicsOf(new Client(reactor))).toEqual([])
    expect(topics.subscribers('nowhere')).toEqual([])
  })

  test('an ended subscription does not end a later one of the same subscriber', async () => {
    const client = new Client(reactor)
    const first = await topics.subscribe('room', client)
    first.unsubscribe()
    await topics.subscribe('room', client)
    first.unsubscribe()
    expect(topics.subscribers('room')).toEqual([client])
  })

  test('ends a subscription when its signal is aborted', async () => {
    const [ann, bob, cleo] = Array.from({ length: 3 }, () => new Client(reactor)) as [Client, Client, Client]
    const stop = new AbortController()
    await topics.subscribe('room', ann, { signal: stop.signal })
    const ended = await topics.subscribe('room', bob, { signal: stop.signal })
    ended.unsubscribe()
    await topics.subscribe('room', bob)
    stop.abort()
    await topics.subscribe('room', cleo, { signal: stop.signal })
    expect(topics.subscribers('room')).toEqual([bob])
  })
})

describe('Topics, when connections end', () => {
  test('remove a WebSocket from all topics as soon as its client leaves', async () => {
    const [ann, bob, cleo] = (await subscribed('room', 3)) as [Client, Client, Client]
    await topics.subscribe('hall', ann)
    await ann.close()
    bob.reset()
    cleo.transport.abortConnection()
    await reactor.settle()
    expect([topics.subscribers('room'), topics.subscribers('hall'), topics.topicsOf(ann)]).toEqual([
      [],
      [],
      [],
    ])
  })

  test('remove a WebSocket that is closing at the next publication', async () => {
    const [client] = (await subscribed('room', 1)) as [Client]
    client.transport.loseConnection()
    topics.publish('room', 'late')
    await turn()
    expect(topics.subscribers('room')).toEqual([])
    expect(client.payloads()).toEqual(['close 1000'])
  })

  test('do not accept a WebSocket that is closing or gone', async () => {
    const [closing, gone] = [new Client(reactor), new Client(reactor)]
    closing.transport.loseConnection()
    gone.reset()
    for (const client of [closing, gone]) await topics.subscribe('room', client)
    expect(topics.subscribers('room')).toEqual([])
  })

  test('keep nothing of subscribers that have left', async () => {
    const client = new Client(reactor)
    const listeners = new Set<unknown>()
    const { signal } = client.transport
    signal.addEventListener = (_type: string, call: unknown) => void listeners.add(call)
    signal.removeEventListener = (_type: string, call: unknown) => void listeners.delete(call)
    for (let at = 0; at < 3; at++) {
      await topics.subscribe('a', client)
      await topics.subscribe('b', client)
      expect(listeners.size).toBe(1)
      topics.unsubscribe('a', client)
      topics.unsubscribe('b', client)
    }
    expect(listeners.size).toBe(0)
    client.reset()
    await reactor.settle()
    expect(leftovers(reactor)).toEqual([])
  })
})

describe('Topics, when subscribers change or publish during a publication', () => {
  test('let each get what is published while it is subscribed, whatever its neighbours do', async () => {
    const [before, cause, after, late] = Array.from({ length: 4 }, () => new Recorder()) as [
      Recorder,
      Recorder,
      Recorder,
      Recorder,
    ]
    for (const one of [before, cause, after]) await topics.subscribe('room', one)
    cause.on = () => {
      for (const one of [before, cause, after]) topics.unsubscribe('room', one)
      void topics.subscribe('room', late)
      void topics.subscribe('room', before)
    }
    topics.publish('room', '1')
    topics.publish('room', '2')
    await turn()
    topics.publish('room', '3')
    await turn()
    const got = [before, cause, after, late].map((one) => one.got)
    expect(got).toEqual([['1', '2', '3'], ['1'], [], ['3']])
  })

  test('deliver what subscribers publish in the next turn, in order', async () => {
    const [ann, bob] = [new Recorder(), new Recorder()]
    for (const one of [ann, bob]) await topics.subscribe('room', one)
    ann.on = ({ data }) => data.toString() === '1' && topics.publish('room', '1 again')
    topics.publish('room', '1')
    topics.publish('room', '2')
    topics.flush()
    expect(bob.got).toEqual(['1', '2'])
    await turn()
    expect([ann.got, bob.got]).toEqual([
      ['1', '2', '1 again'],
      ['1', '2', '1 again'],
    ])
  })

  test('log what a subscriber throws or rejects with, and go on', async () => {
    const [throwing, rejecting, last] = [new Recorder(), new Recorder(), new Recorder()]
    for (const one of [throwing, rejecting, last]) await topics.subscribe('room', one)
    throwing.on = () => {
      throw new Error('thrown')
    }
    Object.assign(rejecting, { received: () => Promise.reject(new Error('rejected')) })
    topics.publish('room', '1')
    await turn()
    expect(last.got).toEqual(['1'])
    expect(topics.subscribers('room').length).toBe(3)
    expect(flushLoggedErrors(reactor.logged).map((error) => (error as Error).message)).toEqual([
      'thrown',
      'rejected',
    ])
  })
})

describe('Topics, between two turns', () => {
  test('deliver at once when maxQueuedBytes would be exceeded', async () => {
    topics = new Topics({ reactor, maxQueuedBytes: 1000 })
    const recorder = new Recorder()
    await topics.subscribe('room', recorder)
    const data = 'x'.repeat(500 - 64)
    for (let at = 0; at < 2; at++) topics.publish('room', data)
    expect(recorder.got.length).toBe(0)
    topics.publish('room', '')
    expect(recorder.got.length).toBe(2)
    topics.publish('room', 'y'.repeat(5000))
    expect(recorder.got.length).toBe(3)
    await turn()
    expect(recorder.got.length).toBe(4)
  })

  test('refuse what subscribers publish without end', async () => {
    topics = new Topics({ reactor, maxQueuedBytes: 1000 })
    const recorder = new Recorder()
    await topics.subscribe('room', recorder)
    recorder.on = ({ data }) => {
      for (let at = 0; data.toString() === 'start'; at++) topics.publish('room', `${at}`)
    }
    topics.publish('room', 'start')
    await turn()
    expect(flushLoggedErrors(reactor.logged)).toEqual([
      new RangeError('Cannot publish: what subscribers publish while they receive exceeds maxQueuedBytes'),
    ])
    expect(recorder.got.slice(0, 3)).toEqual(['start', '0', '1'])
    expect(recorder.got.length).toBe(1 + Math.floor(1000 / 65))
  })

  test('keep nothing for topics without subscribers', async () => {
    for (let at = 0; at < 1000; at++) topics.publish(`room ${at}`, LARGE)
    expect(reactor.getDelayedCalls()).toEqual([])
  })
})

describe('Topics, with a subscriber that reads slowly', () => {
  /** A subscriber for which so much waits that it is behind, and a quick one. */
  async function slowAndQuick(options: Parameters<Topics['subscribe']>[2]): Promise<[Client, Client]> {
    const [slow, quick] = [new Client(reactor), new Client(reactor)]
    await topics.subscribe('room', slow, options)
    await topics.subscribe('room', quick)
    slow.block()
    topics.publish('room', LARGE)
    await turn()
    expect(quick.payloads()).toEqual([LARGE])
    return [slow, quick]
  }

  test('skip, by default, what is published until it has read, and report it', async () => {
    const gaps: unknown[] = []
    const missed = (gap: unknown): void => void gaps.push(gap)
    const [slow, quick] = await slowAndQuick({ missed })
    for (const text of ['2', '3']) {
      topics.publish('room', text)
      await turn()
    }
    topics.publish('room', '4')
    topics.publish('room', '5')
    await turn()
    expect(quick.payloads()).toEqual(['2', '3', '4', '5'])
    await slow.unblock()
    const { source } = topics.publish('room', '6')
    await turn()
    expect(slow.payloads()).toEqual([LARGE, '6'])
    expect(gaps).toEqual([{ topic: 'room', source, from: 2, to: 5, cause: 'too slow' }])
  })

  test('report nothing when nothing was published meanwhile', async () => {
    const [slow] = await slowAndQuick({ missed: () => expect.unreachable() })
    await slow.unblock()
    topics.publish('room', '2')
    await turn()
    expect(slow.payloads()).toEqual([LARGE, '2'])
  })

  test('close it at the next publication, with the policy close', async () => {
    const [slow, quick] = await slowAndQuick({ slow: 'close' })
    expect(slow.transport.open).toBe(true)
    topics.publish('room', '2')
    await turn()
    expect(slow.transport.open).toBe(false)
    expect(topics.subscribers('room')).toEqual([quick])
    await slow.unblock()
    expect(slow.payloads()).toEqual([LARGE, 'close 1013'])
  })

  test('let it be when it reads in time, with the policy close', async () => {
    const [slow] = await slowAndQuick({ slow: 'close' })
    await slow.unblock()
    topics.publish('room', '2')
    await turn()
    expect(slow.payloads()).toEqual([LARGE, '2'])
  })

  test('send everything with the policy queue', async () => {
    const [slow] = await slowAndQuick({ slow: 'queue' })
    for (const text of ['2', '3']) topics.publish('room', text)
    await turn()
    await slow.unblock()
    expect(slow.payloads()).toEqual([LARGE, '2', '3'])
  })

  test('remove it when its connection ends while it is behind', async () => {
    const [slow] = await slowAndQuick({ missed: () => expect.unreachable() })
    topics.publish('room', '2')
    await turn()
    slow.reset()
    await turn()
    expect(topics.subscribers('room').length).toBe(1)
  })

  test('log what missed throws, and deliver again', async () => {
    const missed = (): void => {
      throw new Error('missed')
    }
    const [slow] = await slowAndQuick({ missed })
    topics.publish('room', '2')
    await turn()
    await slow.unblock()
    expect(flushLoggedErrors(reactor.logged)).toEqual([new Error('missed')])
    topics.publish('room', '3')
    await turn()
    expect(slow.payloads()).toEqual([LARGE, '3'])
  })
})

describe('Topics, with a subscriber of the application', () => {
  test('wait for drained after received has returned false, and report what is skipped', async () => {
    const calls: string[] = []
    let goOn: (more: boolean) => void = () => undefined
    const subscriber: Subscriber = {
      received: ({ data }) => {
        calls.push(data.toString())
        return data.toString() !== 'full'
      },
      missed: ({ from, to }) => calls.push(`missed ${from} to ${to}`),
      drained: () => new Promise((resolve) => (goOn = resolve)),
    }
    await topics.subscribe('room', subscriber)
    for (const text of ['a', 'full', 'c', 'd']) topics.publish('room', text)
    await turn()
    goOn(true)
    await turn()
    topics.publish('room', 'full')
    await turn()
    goOn(false)
    await turn()
    expect(calls).toEqual(['a', 'full', 'missed 3 to 4', 'full'])
    expect(topics.subscribers('room')).toEqual([])
  })

  test('never take it for behind when it has no drained', async () => {
    const got: string[] = []
    const received = ({ data }: Publication): boolean => {
      got.push(data.toString())
      return false
    }
    await topics.subscribe('room', { received, missed: () => expect.unreachable() })
    for (const text of ['a', 'b']) topics.publish('room', text)
    await turn()
    expect(got).toEqual(['a', 'b'])
  })

  test('leave it to a protocol that implements Subscriber, until its connection ends', async () => {
    class Own extends Client implements Subscriber {
      readonly got: string[] = []
      received({ data }: Publication): void {
        this.got.push(data.toString())
      }
      missed(): void {}
    }
    const own = new Own(reactor)
    await topics.subscribe('room', own)
    topics.publish('room', 'a')
    await turn()
    expect(own.got).toEqual(['a'])
    expect(own.bytes().length).toBe(0)
    own.reset()
    await reactor.settle()
    expect(topics.subscribers('room')).toEqual([])
  })

  test('log what drained rejects with, and remove it', async () => {
    const drained = (): Promise<boolean> => Promise.reject(new Error('no more'))
    await topics.subscribe('room', { received: () => false, missed() {}, drained })
    topics.publish('room', 'a')
    await turn()
    expect(flushLoggedErrors(reactor.logged)).toEqual([new Error('no more')])
    expect(topics.subscribers('room')).toEqual([])
  })
})

describe('Topics, with watched topics', () => {
  test('call for the first subscriber and the last unsubscriber of each topic', async () => {
    const calls: string[] = []
    const unwatch = [
      topics.onFirstSubscriber((topic) => calls.push(`+${topic}`)),
      topics.onLastUnsubscriber((topic) => calls.push(`-${topic}`)),
    ]
    const [ann, bob] = (await subscribed('room', 2)) as [Client, Client]
    await topics.subscribe('hall', ann)
    topics.unsubscribe('room', ann)
    topics.unsubscribe('room', ann)
    expect(calls).toEqual(['+room', '+hall'])
    bob.reset()
    ann.reset()
    await reactor.settle()
    await subscribed('room', 1)
    expect(calls).toEqual(['+room', '+hall', '-room', '-hall', '+room'])
    for (const end of unwatch) end()
    await subscribed('new', 1)
    expect(calls.length).toBe(5)
  })

  test('log what such a call throws, and go on', async () => {
    topics.onFirstSubscriber(() => {
      throw new Error('first')
    })
    topics.onFirstSubscriber(() => Promise.reject(new Error('second')))
    const [client] = (await subscribed('room', 1)) as [Client]
    expect(topics.subscribers('room')).toEqual([client])
    expect(flushLoggedErrors(reactor.logged).map((error) => (error as Error).message)).toEqual([
      'first',
      'second',
    ])
  })
})

describe('Topics, called wrongly', () => {
  test('name the argument or option, and do nothing', async () => {
    const client = new Client(reactor)
    expect(() => topics.subscribe('', client)).toThrow(RangeError)
    expect(() => topics.subscribe('é'.repeat(101), client)).toThrow(
      'for subscribe: give a string of 1 to 200 bytes',
    )
    expect(() => topics.subscribe(1 as never, client)).toThrow(TypeError)
    expect(() => topics.subscribe('room', {} as Client)).toThrow(
      'give a WebSocketProtocol, a WebSocketTransport or a Subscriber with received and missed',
    )
    expect(() => topics.subscribe('room', client, { slow: 'drop' as never })).toThrow(RangeError)
    expect(() => topics.subscribe('room', client, { slowly: 1 } as never)).toThrow(TypeError)
    expect(() => topics.publish('', 'a')).toThrow(RangeError)
    expect(() => topics.publish('room', 1 as never)).toThrow(TypeError)
    expect(() => topics.publish('room', Buffer.alloc(1_048_577))).toThrow('at most 1048576 bytes')
    expect(() => topics.publish('room', 'a', { to: client } as never)).toThrow(TypeError)
    expect(() => topics.onFirstSubscriber(undefined as never)).toThrow(TypeError)
    expect(() => new Topics({} as never)).toThrow('Cannot take reactor undefined for Topics: give a reactor')
    expect(() => new Topics({ reactor, prefix: 1 as never })).toThrow(TypeError)
    expect(() => new Topics({ reactor, maxQueuedBytes: -1 })).toThrow(RangeError)
    expect(topics.subscribers('room')).toEqual([])
    await topics.subscribe('é'.repeat(100), client)
    expect(topics.publish('é'.repeat(100), Buffer.alloc(1_048_576)).number).toBe(1)
  })
})
