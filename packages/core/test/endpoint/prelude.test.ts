import { describe, expect, onTestFinished, test } from 'vitest'
import {
  ConnectError,
  type ConnectionClosed,
  Factory,
  LineReceiver,
  NoProtocol,
  Protocol,
} from '../../src/index.ts'
import {
  ConnectingCancelledError,
  connectWithPrelude,
  type PreludeEvents,
  TCPClientEndpoint,
} from '../../src/endpoints.ts'
import { leftovers, MemoryReactor } from '../../src/testing.ts'

class Lines extends LineReceiver {
  readonly lines: string[] = []
  override lineReceived(line: Buffer): void {
    this.lines.push(line.toString())
  }
}

/** Waits for `ok` or `no`, each a line. */
class Greeting extends LineReceiver {
  readonly #events: PreludeEvents
  constructor(events: PreludeEvents) {
    super()
    this.#events = events
  }
  override lineReceived(line: Buffer): void {
    if (line.toString() === 'ok') return this.#events.finished(this.transport, this.takeUnread())
    this.#events.failed(new Error(line.toString()))
    this.transport.abortConnection()
  }
  override connectionLost(reason: ConnectionClosed): void {
    this.#events.failed(new Error(`lost: ${reason.name}`))
  }
}

/** A server that sends `greeting`, and how `connect` settles with a factory. */
async function attempt(
  greeting: string,
  factory: Factory = Factory.forProtocol(Lines),
  signal?: AbortSignal,
) {
  const reactor = new MemoryReactor()
  const servers: Protocol[] = []
  class Server extends Protocol {
    override connectionMade(): void {
      servers.push(this)
      this.transport.write(greeting)
    }
  }
  await reactor.listenTCP(7, Factory.forProtocol(Server))
  const endpoint = new TCPClientEndpoint(reactor, 'h', 7)
  const outcome: { value?: unknown; error?: unknown } = {}
  connectWithPrelude(endpoint, factory, { signal }, (events) => new Greeting(events)).then(
    (value) => (outcome.value = value),
    (error: unknown) => (outcome.error = error),
  )
  await reactor.settle()
  onTestFinished(async () => {
    for (const transport of reactor.connections) transport.abortConnection()
    await reactor.settle()
    expect(leftovers(reactor)).toEqual([])
  })
  return { reactor, server: servers[0], outcome }
}

describe('connectWithPrelude', () => {
  test('gives the connection to the protocol of the factory, with what the prelude did not parse', async () => {
    const { outcome, server, reactor } = await attempt('ok\r\nfirst\r\nsec')
    server?.transport.write('ond\r\n')
    await reactor.settle()
    expect((outcome.value as Lines).lines).toEqual(['first', 'second'])
  })

  test('rejects with what the prelude fails with, and builds no protocol', async () => {
    let built = 0
    class Counting extends Factory {
      override buildProtocol(): Protocol {
        built++
        return new Lines()
      }
    }
    expect((await attempt('no\r\nok\r\n', new Counting())).outcome.error).toEqual(new Error('no'))
    expect(built).toBe(0)
  })

  test('rejects when the connection is lost before the prelude is over', async () => {
    const { outcome, server, reactor } = await attempt('o')
    expect(outcome).toEqual({})
    server?.transport.loseConnection()
    await reactor.settle()
    expect(outcome.error).toEqual(new Error('lost: ConnectionDone'))
  })

  test('rejects with NoProtocol when the factory refuses, and closes the connection', async () => {
    class Refusing extends Factory {
      override buildProtocol(): undefined {
        return undefined
      }
    }
    const { outcome, server } = await attempt('ok\r\n', new Refusing())
    expect(outcome.error).toBeInstanceOf(NoProtocol)
    expect(server?.connected).toBe(false)
  })

  test('rejects with the error of a prelude that fails in its connectionMade', async () => {
    const reactor = new MemoryReactor()
    await reactor.listenTCP(7, Factory.forProtocol(Lines))
    const why = new Error('at once')
    class AtOnce extends Protocol {
      readonly #events: PreludeEvents
      constructor(events: PreludeEvents) {
        super()
        this.#events = events
      }
      override connectionMade(): void {
        this.#events.failed(why)
        this.transport.abortConnection()
      }
    }
    const endpoint = new TCPClientEndpoint(reactor, 'h', 7)
    let error: unknown
    connectWithPrelude(endpoint, Factory.forProtocol(Lines), {}, (events) => new AtOnce(events)).catch(
      (caught: unknown) => (error = caught),
    )
    await reactor.settle()
    expect(error).toBe(why)
  })

  test('is cancelled by the signal during the prelude', async () => {
    const stop = new AbortController()
    const { outcome, server, reactor } = await attempt('o', undefined, stop.signal)
    stop.abort()
    await reactor.settle()
    expect(outcome.error).toBeInstanceOf(ConnectingCancelledError)
    expect(outcome.error).toBeInstanceOf(ConnectError)
    expect(server?.connected).toBe(false)
  })

  test('rejects wrong arguments', async () => {
    const endpoint = new TCPClientEndpoint(new MemoryReactor(), 'h', 7)
    const make = (events: PreludeEvents): Greeting => new Greeting(events)
    await expect(connectWithPrelude({} as never, Factory.forProtocol(Lines), {}, make)).rejects.toThrow(
      TypeError,
    )
    await expect(connectWithPrelude(endpoint, {} as never, {}, make)).rejects.toThrow(TypeError)
    await expect(connectWithPrelude(endpoint, Factory.forProtocol(Lines), {}, 5 as never)).rejects.toThrow(
      TypeError,
    )
  })
})
