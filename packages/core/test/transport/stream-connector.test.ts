import { describe, expect, test } from 'vitest'
import { ConnectingCancelledError, NotConnectingError } from '../../src/endpoints.ts'
import {
  ClientFactory,
  ConnectionAborted,
  type ConnectionClosed,
  ConnectionRefusedError,
  type Connector,
  Factory,
  NoProtocol,
  type ProtocolEvents,
  tcpAddress,
} from '../../src/index.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { TimeoutError } from '../../src/time.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { StreamConnector } from '../../src/transport/stream-connector.ts'

/** Records its callbacks and those of its protocols; `after` may do more. */
class NotingFactory extends ClientFactory<Recorder> {
  readonly notes: string[]
  readonly built: Recorder[] = []
  after: (note: string, connector: Connector) => void = () => undefined

  constructor(notes: string[] = []) {
    super()
    this.notes = notes
  }

  override startFactory(): void {
    this.notes.push('startFactory')
  }
  override stopFactory(): void {
    this.notes.push('stopFactory')
  }
  override startedConnecting(connector: Connector): void {
    this.#note('startedConnecting', connector)
  }
  override clientConnectionFailed(connector: Connector, reason: Error): void {
    this.#note(`failed ${reason.name}`, connector)
  }
  override clientConnectionLost(connector: Connector, reason: ConnectionClosed): void {
    this.#note(`lost ${reason.name}`, connector)
  }
  override buildProtocol(): Recorder {
    this.notes.push('buildProtocol')
    const recorder = new NotingProtocol(this.notes)
    this.built.push(recorder)
    return recorder
  }

  #note(note: string, connector: Connector): void {
    this.notes.push(note)
    this.after(note, connector)
  }
}

class NotingProtocol extends Recorder {
  readonly #notes: string[]

  constructor(notes: string[]) {
    super()
    this.#notes = notes
  }

  override connectionMade(): void {
    this.#notes.push('connectionMade')
  }

  override connectionLost(reason: ConnectionClosed): void {
    this.#notes.push(`connectionLost ${reason.name}`)
  }
}

async function listening(reactor: MemoryReactor): Promise<Recorder[]> {
  const accepted: Recorder[] = []
  const factory = new (class extends Factory {
    override buildProtocol(): Recorder {
      const recorder = new Recorder()
      accepted.push(recorder)
      return recorder
    }
  })()
  await reactor.listenTCP(80, factory)
  return accepted
}

describe('StreamConnector', () => {
  test('calls its factory in order, from startFactory to stopFactory', async () => {
    const reactor = new MemoryReactor()
    await listening(reactor)
    const factory = new NotingFactory()
    const connector = reactor.connectTCP('127.0.0.1', 80, factory)
    expect(connector.getDestination()).toEqual(tcpAddress('127.0.0.1', 80))
    const protocol = connector.whenConnected()
    reactor.pump()
    expect(await protocol).toBe(factory.built[0])
    expect(await connector.whenConnected()).toBe(factory.built[0])
    connector.disconnect()
    reactor.pump()
    expect(factory.notes).toEqual([
      'startFactory',
      'startedConnecting',
      'buildProtocol',
      'connectionMade',
      'connectionLost ConnectionDone',
      'lost ConnectionDone',
      'stopFactory',
    ])
    await expect(connector.whenConnected()).rejects.toHaveProperty('name', 'ConnectionDone')
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('connects again from a callback, which postpones stopFactory', async () => {
    const reactor = new MemoryReactor()
    const accepted = await listening(reactor)
    const factory = new NotingFactory()
    let again = 1
    factory.after = (note, connector) => {
      if (note.startsWith('lost') && again-- > 0) connector.connect()
    }
    reactor.connectTCP('127.0.0.1', 80, factory)
    for (let round = 0; round < 2; round++) {
      reactor.pump()
      accepted[round]?.transport.loseConnection()
      reactor.pump()
    }
    expect(factory.built).toHaveLength(2)
    expect(factory.notes.filter((note) => note.endsWith('Factory'))).toEqual(['startFactory', 'stopFactory'])
    expect(factory.notes.at(-1)).toBe('stopFactory')
    expect(factory.numPorts).toBe(0)
  })

  test('fails when the connection is refused, and can try again', async () => {
    const reactor = new MemoryReactor()
    const factory = new NotingFactory()
    const connector = reactor.connectTCP('127.0.0.1', 80, factory)
    const refused = connector.whenConnected()
    reactor.pump()
    await expect(refused).rejects.toBeInstanceOf(ConnectionRefusedError)
    expect([connector.state, factory.numPorts]).toEqual(['disconnected', 0])
    await listening(reactor)
    connector.connect()
    connector.connect()
    reactor.pump()
    connector.connect()
    reactor.pump()
    expect([connector.state, factory.built.length, reactor.connections.size]).toEqual(['connected', 1, 2])
    expect(factory.numPorts).toBe(1)
  })

  test('stopConnecting fails the attempt with ConnectingCancelledError', async () => {
    const reactor = new MemoryReactor()
    const accepted = await listening(reactor)
    const factory = new NotingFactory()
    const connector = reactor.connectTCP('127.0.0.1', 80, factory)
    const cancelled = connector.whenConnected()
    connector.stopConnecting()
    await expect(cancelled).rejects.toBeInstanceOf(ConnectingCancelledError)
    reactor.pump()
    expect(accepted).toEqual([])
    expect(factory.notes.at(-2)).toBe('failed ConnectingCancelledError')
    expect(() => connector.stopConnecting()).toThrow(NotConnectingError)
    await expect(connector.whenConnected()).rejects.toBeInstanceOf(ConnectingCancelledError)
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('fails with TimeoutError after timeoutMs, not before', async () => {
    const reactor = new MemoryReactor()
    const cancelled: string[] = []
    const factory = new NotingFactory()
    const connector = new StreamConnector({
      registry: reactor.registry,
      factory,
      address: tcpAddress('192.0.2.1', 80),
      options: { timeoutMs: 500 },
      dial: () => ({ cancel: () => cancelled.push('cancelled') }),
    })
    connector.connect()
    reactor.advance(499)
    expect(connector.state).toBe('connecting')
    reactor.advance(1)
    expect([connector.state, cancelled]).toEqual(['disconnected', ['cancelled']])
    await expect(connector.whenConnected()).rejects.toBeInstanceOf(TimeoutError)
  })

  test.each([
    ['refuses', () => undefined],
    [
      'throws',
      (): never => {
        throw new Error('no')
      },
    ],
  ])('fails with NoProtocol, and closes, when buildProtocol %s', async (_way, build) => {
    const reactor = new MemoryReactor()
    const accepted = await listening(reactor)
    const factory = new (class extends ClientFactory {
      override buildProtocol(): ProtocolEvents | undefined {
        return build()
      }
    })()
    const refused = reactor.connectTCP('127.0.0.1', 80, factory).whenConnected()
    reactor.pump()
    await expect(refused).rejects.toBeInstanceOf(NoProtocol)
    expect(accepted[0]?.reason?.name).toBe('ConnectionDone')
    expect(reactor.connections.size).toBe(0)
  })

  test('rejects whenConnected when connectionMade of the protocol fails', async () => {
    const reactor = new MemoryReactor()
    await listening(reactor)
    const fault = new Error('not today')
    const factory = Factory.forProtocol(
      class extends Recorder {
        override connectionMade(): void {
          throw fault
        }
      },
    )
    const connected = reactor.connectTCP('127.0.0.1', 80, factory).whenConnected()
    reactor.pump()
    const reason = await connected.catch((error: unknown) => error)
    expect(reason).toBeInstanceOf(ConnectionAborted)
    expect(reason).toHaveProperty('cause', fault)
  })

  test('logs what its factory throws, and still calls stopFactory', async () => {
    const reactor = new MemoryReactor()
    const factory = new NotingFactory()
    factory.after = (note) => {
      throw new Error(note)
    }
    reactor.connectTCP('127.0.0.1', 80, factory)
    reactor.pump()
    expect(reactor.logged.map(({ error }) => String(error))).toEqual([
      'Error: startedConnecting',
      'Error: failed ConnectionRefusedError',
    ])
    expect(reactor.logged[0]?.label).toBe('127.0.0.1:80')
    expect(factory.notes.at(-1)).toBe('stopFactory')
  })

  test('changes nothing when the address is invalid', () => {
    const reactor = new MemoryReactor()
    const factory = new NotingFactory()
    const connector = new StreamConnector({
      registry: reactor.registry,
      factory,
      address: tcpAddress('127.0.0.1', 99_999),
      options: { timeoutMs: 500 },
      dial: () => {
        throw new RangeError('no such port')
      },
    })
    expect(() => connector.connect()).toThrow(RangeError)
    expect([connector.state, factory.notes, reactor.getDelayedCalls()]).toEqual(['disconnected', [], []])
  })

  test('refuses an invalid timeout', () => {
    const [reactor, factory] = [new MemoryReactor(), new NotingFactory()]
    for (const timeoutMs of [-1, NaN]) {
      const attempt = (): unknown => reactor.connectTCP('127.0.0.1', 80, factory, { timeoutMs })
      expect(attempt).toThrow(RangeError)
    }
    reactor.pump()
    expect([factory.notes, reactor.getDelayedCalls()]).toEqual([[], []])
  })

  test('can be disconnected from startedConnecting', async () => {
    const reactor = new MemoryReactor()
    const factory = new NotingFactory()
    factory.after = (note, connector) => {
      if (note === 'startedConnecting') connector.disconnect()
    }
    const connector = reactor.connectTCP('127.0.0.1', 80, factory)
    await expect(connector.whenConnected()).rejects.toBeInstanceOf(ConnectingCancelledError)
    expect(factory.notes.at(-1)).toBe('stopFactory')
  })
})
