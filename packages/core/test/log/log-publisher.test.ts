import { describe, expect, test } from 'vitest'
import type { LogEvent, LogObserver } from '../../src/interfaces/log.ts'
import { ConnectionAborted } from '../../src/errors.ts'
import { LogPublisher } from '../../src/log/log-publisher.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { Clock } from '../../src/testing/clock.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'

const EVENT: LogEvent = { level: 'info', text: 'something' }

describe('LogPublisher', () => {
  const reactor = new Clock()
  const told: (readonly [string, string, unknown])[] = []
  const hearing =
    (name: string): LogObserver =>
    ({ text, error }) =>
      void told.push([name, text, error])
  const failing =
    (error: Error): LogObserver =>
    () => {
      throw error
    }
  const heardWhile = (publish: () => void): readonly (readonly [string, string, unknown])[] => {
    told.length = 0
    publish()
    return told.splice(0)
  }

  test('fills in time and namespace, and keeps what an event has of them', () => {
    const events: LogEvent[] = []
    const publisher = new LogPublisher({ reactor, observers: (event) => events.push(event) })
    publisher.log(EVENT)
    publisher.log({ ...EVENT, namespace: 'shop', timeMs: 7 })
    expect(events).toEqual([
      { ...EVENT, namespace: 'ropewalk', timeMs: reactor.wallClock() },
      { ...EVENT, namespace: 'shop', timeMs: 7 },
    ])
  })

  test('tells observers in their order, each once, until they are removed', () => {
    const [first, second] = [hearing('first'), hearing('second')]
    const publisher = new LogPublisher({ reactor })
    for (const observer of [first, second, first]) publisher.addObserver(observer)
    expect(heardWhile(() => publisher.log(EVENT)).map(([name]) => name)).toEqual(['first', 'second'])
    publisher.removeObserver(first)
    publisher.removeObserver(first)
    expect(heardWhile(() => publisher.log(EVENT)).map(([name]) => name)).toEqual(['second'])
  })

  test('tells an event to those who were there when it came', () => {
    const late = hearing('late')
    const publisher = new LogPublisher({ reactor })
    publisher.addObserver(() => publisher.addObserver(late))
    expect(heardWhile(() => publisher.log(EVENT))).toEqual([])
    expect(heardWhile(() => publisher.log(EVENT))).toHaveLength(1)
  })

  test('tells the failure of an observer to the rest, and goes on (K138)', () => {
    const fault = new Error('no disk')
    const observers = [hearing('first'), failing(fault), hearing('last')]
    const publisher = new LogPublisher({ reactor, observers })
    expect(heardWhile(() => publisher.log(EVENT))).toEqual([
      ['first', 'something', undefined],
      ['first', 'A log observer failed', fault],
      ['last', 'A log observer failed', fault],
      ['last', 'something', undefined],
    ])
  })

  test('tells what an asynchronous observer rejects with to the rest (K138)', async () => {
    const fault = new Error('no disk')
    let calls = 0
    const observers = [() => Promise.reject(new Error(`${fault.message} ${++calls}`)), hearing('last')]
    const publisher = new LogPublisher({ reactor, observers })
    expect(heardWhile(() => publisher.log(EVENT))).toEqual([['last', 'something', undefined]])
    for (let tick = 0; tick < 10; tick++) await Promise.resolve()
    expect(told.splice(0)).toEqual([['last', 'A log observer failed', new Error('no disk 1')]])
  })

  test('tells what nobody could hear to another', () => {
    const [one, other] = [new Error('one'), new Error('other')]
    const observers = [failing(one), failing(other)]
    const publisher = new LogPublisher({ reactor, observers, otherwise: hearing('otherwise') })
    expect(heardWhile(() => publisher.log(EVENT))).toEqual([
      ['otherwise', 'A log observer failed', other],
      ['otherwise', 'A log observer failed', one],
      ['otherwise', 'something', undefined],
    ])
  })

  test('never throws, though nobody is left whom it could tell', () => {
    const broken = failing(new Error('broken'))
    expect(() => new LogPublisher({ reactor, observers: broken, otherwise: broken }).log(EVENT)).not.toThrow()
    expect(
      heardWhile(() => new LogPublisher({ reactor, otherwise: hearing('otherwise') }).log(EVENT)),
    ).toEqual([])
  })

  test('calls each of many broken observers but once for an event', () => {
    let calls = 0
    const observers = Array.from({ length: 20 }, () => () => {
      calls++
      throw new Error('broken')
    })
    const publisher = new LogPublisher({ reactor, observers })
    publisher.log(EVENT)
    expect(calls).toBe(20)
    publisher.log(EVENT)
    expect(calls).toBe(40)
  })

  test('tells what an observer logs itself to the others only', () => {
    const publisher = new LogPublisher({ reactor, otherwise: hearing('otherwise') })
    const chatty: LogObserver = () => publisher.log({ level: 'debug', text: 'I was told' })
    publisher.addObserver(chatty)
    expect(heardWhile(() => publisher.log(EVENT))).toEqual([['otherwise', 'I was told', undefined]])
    publisher.addObserver(hearing('last'))
    expect(heardWhile(() => publisher.log(EVENT)).map(([name, text]) => [name, text])).toEqual([
      ['last', 'I was told'],
      ['last', 'something'],
    ])
  })

  test('lets a connection end whose fault no observer can bear', () => {
    class Failing extends Recorder {
      override dataReceived(): never {
        throw new Error('a fault')
      }
    }
    const memory = new MemoryReactor({ log: failing(new Error('no disk')) })
    const protocol = new Failing()
    const transport = StringTransport.connect(protocol, { reactor: memory })
    transport.receive('x')
    expect(transport.connected).toBe(false)
    expect(protocol.reason).toBeInstanceOf(ConnectionAborted)
    expect(memory.logged.map(({ text }) => text)).toContain('A log observer failed')
  })
})
