import { describe, expect, test } from 'vitest'
import { NotConnectingError } from '../../src/endpoints.ts'
import {
  type ConnectionClosed,
  type Connector,
  Factory,
  type ListeningPort,
  ReconnectingClientFactory,
} from '../../src/index.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { passTime } from '../pass-time.ts'

/** Records its callbacks; its delays have no jitter. */
class Feed extends ReconnectingClientFactory<Recorder> {
  override readonly jitter: number = 0
  readonly notes: string[] = []
  readonly attempts: number[] = []
  readonly built: Recorder[] = []
  readonly #reactor: MemoryReactor

  constructor(reactor: MemoryReactor) {
    super({ reactor })
    this.#reactor = reactor
  }

  override startFactory(): void {
    this.notes.push('startFactory')
  }

  override stopFactory(): void {
    this.notes.push('stopFactory')
  }

  override startedConnecting(connector: Connector): void {
    super.startedConnecting(connector)
    this.attempts.push(Math.round(this.#reactor.now()))
    this.notes.push('startedConnecting')
  }

  override buildProtocol(): Recorder {
    this.notes.push('buildProtocol')
    const recorder = new Recorder()
    this.built.push(recorder)
    return recorder
  }

  override clientConnectionLost(connector: Connector, reason: ConnectionClosed): void {
    this.notes.push(`lost ${reason.name}`)
    super.clientConnectionLost(connector, reason)
  }
}

/** Short delays that are easy to predict. */
class Patient extends Feed {
  override readonly initialDelayMs: number = 50
  override readonly factor: number = 2
  override readonly maxDelayMs: number = 300
}

function listen(reactor: MemoryReactor): Promise<ListeningPort> {
  return reactor.listenTCP(80, Factory.forProtocol(Recorder))
}

/** Connects `feed` to port 80, and waits for the outcome. */
async function connect(reactor: MemoryReactor, feed: Feed): Promise<Connector> {
  const connector = reactor.connectTCP('server', 80, feed)
  await reactor.settle()
  return connector
}

/** Stops the reactor of a factory that waits for its next attempt. */
async function stoppedWhileWaiting(): Promise<{ readonly reactor: MemoryReactor; readonly feed: Patient }> {
  const reactor = new MemoryReactor()
  const feed = new Patient(reactor)
  const running = reactor.run()
  await connect(reactor, feed)
  await reactor.stop()
  await running
  return { reactor, feed }
}

describe('ReconnectingClientFactory', () => {
  test.each([
    ['maxRetries', NaN, 'RangeError: Cannot take maxRetries NaN for Mistaken'],
    ['maxRetries', '3', 'TypeError: Cannot take maxRetries "3" for Mistaken'],
    ['maxDelayMs', NaN, 'RangeError: Cannot take maxDelayMs NaN for Mistaken'],
    ['initialDelayMs', '5', 'TypeError: Cannot take initialDelayMs "5" for Mistaken'],
    ['factor', -1, 'RangeError: Cannot take factor -1 for Mistaken'],
    ['jitter', null, 'TypeError: Cannot take jitter null for Mistaken'],
  ])(
    'does not retry with the %s %o, and logs the error at its start and at the failure',
    (field, value, why) => {
      const reactor = new MemoryReactor()
      class Mistaken extends Feed {}
      const factory = Object.assign(new Mistaken(reactor), { [field]: value })
      reactor.connectTCP('localhost', 80, factory)
      reactor.advance(10_000)
      expect(factory.attempts).toEqual([0])
      const errors = reactor.flushLoggedErrors().map(String)
      expect(errors).toHaveLength(2)
      for (const error of errors) expect(error).toContain(why)
    },
  )

  test('multiplies the delay by e each time, up to one hour', async () => {
    const reactor = new MemoryReactor()
    const feed = new Feed(reactor)
    await connect(reactor, feed)
    await passTime(reactor, 100_000)
    expect(feed.attempts).toEqual([0, 2718, 10_107, 30_193, 84_791])
    expect(feed.retries).toBe(5)
    await passTime(reactor, 12 * 3_600_000)
    const [before = 0, last = 0] = feed.attempts.slice(-2)
    expect(last - before).toBe(3_600_000)
    expect(reactor.logged[0]).toMatchObject({
      level: 'info',
      text: 'Trying again in {delayMs} ms',
      fields: { delayMs: 2718, retries: 1 },
      label: 'server:80',
    })
  })

  test('is notified of each connection in order, from startFactory to stopFactory', async () => {
    const reactor = new MemoryReactor()
    await listen(reactor)
    const feed = new Patient(reactor)
    const connector = await connect(reactor, feed)
    connector.disconnect()
    await reactor.settle()
    const once = ['startFactory', 'startedConnecting', 'buildProtocol', 'lost ConnectionDone', 'stopFactory']
    expect(feed.notes).toEqual(once)
    reactor.advance(100)
    connector.disconnect()
    await reactor.settle()
    expect(feed.notes).toEqual([...once, ...once])
  })

  test('delays stopFactory when a subclass connects again at once', async () => {
    const reactor = new MemoryReactor()
    await listen(reactor)
    class Hasty extends Patient {
      override clientConnectionLost(connector: Connector): void {
        if (this.built.length < 2) connector.connect()
      }
    }
    const feed = new Hasty(reactor)
    const connector = await connect(reactor, feed)
    connector.disconnect()
    await reactor.settle()
    expect([feed.built.length, feed.notes.includes('stopFactory')]).toEqual([2, false])
    connector.disconnect()
    await reactor.settle()
    expect(feed.notes.filter((note) => note.endsWith('Factory'))).toEqual(['startFactory', 'stopFactory'])
  })

  test('reconnects to a server that is stopped and started again, with the first delay after resetDelay', async () => {
    const reactor = new MemoryReactor()
    const feed = new Patient(reactor)
    const connector = await connect(reactor, feed)
    await passTime(reactor, 1000)
    expect(feed.attempts).toEqual([0, 100, 300, 600, 900])
    await listen(reactor)
    reactor.advance(200)
    expect([connector.state, feed.retries]).toEqual(['connected', 5])
    feed.resetDelay()
    expect(feed.retries).toBe(0)
    connector.disconnect()
    await passTime(reactor, 100)
    expect([feed.attempts.slice(5), feed.built.length, feed.retries]).toEqual([[1200, 1300], 2, 1])
  })

  test('varies its delays at random, with about the deviation that jitter gives', () => {
    class Spread extends Feed {
      override readonly jitter: number = 0.1
      override readonly factor: number = 1
    }
    const [reactor, waits] = [new MemoryReactor(), [] as number[]]
    for (let client = 0; client < 400; client++) {
      reactor.connectTCP('server', 80, new Spread(reactor))
      reactor.pump()
    }
    for (const call of reactor.getDelayedCalls()) waits.push(call.getTime())
    const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length
    const deviation = Math.sqrt(waits.reduce((sum, wait) => sum + (wait - mean) ** 2, 0) / waits.length)
    expect(waits).toHaveLength(400)
    expect(Math.abs(mean - 1000)).toBeLessThan(25)
    expect(Math.abs(deviation - 100)).toBeLessThan(20)
  })

  test('gives up after maxRetries, and logs it', async () => {
    class Twice extends Patient {
      override readonly maxRetries: number = 2
    }
    const reactor = new MemoryReactor()
    const feed = new Twice(reactor)
    await connect(reactor, feed)
    await passTime(reactor, 1000)
    expect([feed.attempts.length, feed.retries, reactor.getDelayedCalls()]).toEqual([3, 2, []])
    expect(reactor.logged.at(-1)).toMatchObject({
      text: 'Gave up after {retries} retries',
      fields: { retries: 2 },
    })
  })

  describe('stopTrying', () => {
    test('cancels the timer of a scheduled retry', async () => {
      const reactor = new MemoryReactor()
      const feed = new Patient(reactor)
      await connect(reactor, feed)
      feed.stopTrying()
      expect(reactor.getDelayedCalls()).toEqual([])
      reactor.advance(1000)
      expect(feed.attempts).toEqual([0])
    })

    test('cancels the attempt under way', () => {
      const reactor = new MemoryReactor()
      const feed = new Patient(reactor)
      const connector = reactor.connectTCP('server', 80, feed)
      feed.stopTrying()
      expect([connector.state, reactor.getDelayedCalls()]).toEqual(['disconnected', []])
    })

    test('keeps the connection up, and makes no other until resetDelay', async () => {
      const reactor = new MemoryReactor()
      await listen(reactor)
      const feed = new Patient(reactor)
      const connector = await connect(reactor, feed)
      feed.stopTrying()
      expect(connector.state).toBe('connected')
      connector.disconnect()
      await reactor.settle()
      reactor.advance(1000)
      expect(feed.attempts).toEqual([0])
      feed.resetDelay()
      feed.retry()
      reactor.advance(100)
      expect([feed.attempts, connector.state]).toEqual([[0, 1100], 'connected'])
    })

    test('cancels nothing when a stopped reactor has already cancelled the retry', async () => {
      const { reactor, feed } = await stoppedWhileWaiting()
      feed.stopTrying()
      feed.retry()
      expect([feed.retries, reactor.getDelayedCalls()]).toEqual([1, []])
    })

    test('does nothing before a connector was used', () => {
      const feed = new Patient(new MemoryReactor())
      feed.stopTrying()
      expect(feed.retries).toBe(0)
    })
  })

  describe('retry', () => {
    test('does nothing while a retry is already scheduled', async () => {
      const reactor = new MemoryReactor()
      const feed = new Patient(reactor)
      await connect(reactor, feed)
      feed.retry()
      expect([feed.retries, reactor.getDelayedCalls().length]).toEqual([1, 1])
    })

    test('tries again although a stopped reactor has cancelled the scheduled retry', async () => {
      const { reactor, feed } = await stoppedWhileWaiting()
      expect(reactor.getDelayedCalls()).toEqual([])
      feed.retry()
      reactor.advance(200)
      expect(feed.attempts).toEqual([0, 200])
    })

    test('knows the connector even if a subclass overrides startedConnecting without calling it', async () => {
      class Silent extends Patient {
        override startedConnecting(): void {
          this.notes.push('startedConnecting')
        }
      }
      const reactor = new MemoryReactor()
      const feed = new Silent(reactor)
      await connect(reactor, feed)
      feed.stopTrying()
      feed.resetDelay()
      feed.retry()
      reactor.advance(100)
      expect(feed.notes.filter((note) => note === 'startedConnecting')).toHaveLength(2)
    })

    test('throws when no connector was used', () => {
      const feed = new Patient(new MemoryReactor())
      expect(() => feed.retry()).toThrow(NotConnectingError)
    })
  })
})
