import { describe, expect, test } from 'vitest'
import { ConnectionAborted } from '../../src/index.ts'
import { type LogEvent, type LogObserver, LogPublisher } from '../../src/log.ts'
import { Clock, MemoryReactor, StringTransport } from '../../src/testing.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'

const EVENT: LogEvent = { level: 'info', text: 'something' }

describe('LogPublisher', () => {
  const reactor = new Clock()
  const received: (readonly [string, string, unknown])[] = []
  const receiving =
    (name: string): LogObserver =>
    ({ text, error }) =>
      void received.push([name, text, error])
  const failing =
    (error: Error): LogObserver =>
    () => {
      throw error
    }
  const receivedWhile = (publish: () => void): readonly (readonly [string, string, unknown])[] => {
    received.length = 0
    publish()
    return received.splice(0)
  }

  test('sets time and namespace unless the event has them', () => {
    const events: LogEvent[] = []
    const publisher = new LogPublisher({ reactor, observers: (event) => events.push(event) })
    publisher.log(EVENT)
    publisher.log({ ...EVENT, namespace: 'shop', timeMs: 7 })
    expect(events).toEqual([
      { ...EVENT, namespace: 'ropewalk', timeMs: reactor.wallClock() },
      { ...EVENT, namespace: 'shop', timeMs: 7 },
    ])
  })

  test('calls observers in their order, each once, until they are removed', () => {
    const [first, second] = [receiving('first'), receiving('second')]
    const publisher = new LogPublisher({ reactor })
    for (const observer of [first, second, first]) publisher.addObserver(observer)
    expect(receivedWhile(() => publisher.log(EVENT)).map(([name]) => name)).toEqual(['first', 'second'])
    publisher.removeObserver(first)
    publisher.removeObserver(first)
    expect(receivedWhile(() => publisher.log(EVENT)).map(([name]) => name)).toEqual(['second'])
  })

  test('passes an event to the observers present when it was logged', () => {
    const late = receiving('late')
    const publisher = new LogPublisher({ reactor })
    publisher.addObserver(() => publisher.addObserver(late))
    expect(receivedWhile(() => publisher.log(EVENT))).toEqual([])
    expect(receivedWhile(() => publisher.log(EVENT))).toHaveLength(1)
  })

  test('passes the failure of an observer to the others, and continues', () => {
    const fault = new Error('no disk')
    const observers = [receiving('first'), failing(fault), receiving('last')]
    const publisher = new LogPublisher({ reactor, observers })
    expect(receivedWhile(() => publisher.log(EVENT))).toEqual([
      ['first', 'something', undefined],
      ['first', 'A log observer failed', fault],
      ['last', 'A log observer failed', fault],
      ['last', 'something', undefined],
    ])
  })

  test('passes the rejection of an async observer to the others', async () => {
    const fault = new Error('no disk')
    let calls = 0
    const observers = [() => Promise.reject(new Error(`${fault.message} ${++calls}`)), receiving('last')]
    const publisher = new LogPublisher({ reactor, observers })
    expect(receivedWhile(() => publisher.log(EVENT))).toEqual([['last', 'something', undefined]])
    for (let tick = 0; tick < 10; tick++) await Promise.resolve()
    expect(received.splice(0)).toEqual([['last', 'A log observer failed', new Error('no disk 1')]])
  })

  test('passes an event that every observer failed to take to otherwise', () => {
    const [one, other] = [new Error('one'), new Error('other')]
    const observers = [failing(one), failing(other)]
    const publisher = new LogPublisher({ reactor, observers, otherwise: receiving('otherwise') })
    expect(receivedWhile(() => publisher.log(EVENT))).toEqual([
      ['otherwise', 'A log observer failed', other],
      ['otherwise', 'A log observer failed', one],
      ['otherwise', 'something', undefined],
    ])
  })

  test('never throws, even if no observer is left', () => {
    const broken = failing(new Error('broken'))
    expect(() => new LogPublisher({ reactor, observers: broken, otherwise: broken }).log(EVENT)).not.toThrow()
    expect(
      receivedWhile(() => new LogPublisher({ reactor, otherwise: receiving('otherwise') }).log(EVENT)),
    ).toEqual([])
  })

  test('calls each of many failing observers once for an event', () => {
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

  test('passes an event that an observer logs only to the others', () => {
    const publisher = new LogPublisher({ reactor, otherwise: receiving('otherwise') })
    const chatty: LogObserver = () => publisher.log({ level: 'debug', text: 'I was called' })
    publisher.addObserver(chatty)
    expect(receivedWhile(() => publisher.log(EVENT))).toEqual([['otherwise', 'I was called', undefined]])
    publisher.addObserver(receiving('last'))
    expect(receivedWhile(() => publisher.log(EVENT)).map(([name, text]) => [name, text])).toEqual([
      ['last', 'I was called'],
      ['last', 'something'],
    ])
  })

  test('aborts a connection after a fault even if every observer fails', () => {
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
