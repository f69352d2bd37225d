import { type ConnectionClosed, Protocol, type ProtocolEvents, type Transport } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { type HostReactor, Simulation } from '../../src/index.ts'
import { OneProtocol } from '../simulated-harness.ts'
import { Witness } from './invariants.ts'

/** Sends something at once, something a second later, and then its FIN. */
class Caller extends Protocol {
  override connectionMade(): void {
    const { transport } = this
    transport.write('hello')
    transport.reactor.callLater(1000, () => {
      transport.write('world')
      transport.loseConnection()
    })
  }
}

/** Wrong: it changes a buffer after writing it. */
class Careless extends Protocol {
  override connectionMade(): void {
    const data = Buffer.from('hello')
    this.transport.write(data)
    data.write('jello')
  }
}

/** Closes when it receives the peer's FIN. */
class Receiving extends Protocol {
  readConnectionLost(): void {
    this.transport.loseConnection()
  }
}

class Failing extends Receiving {
  override dataReceived(): void {
    throw new Error('that was too much')
  }
}

/** Forwards every callback to another protocol, correctly. */
class Wrapping extends Protocol {
  readonly inner: ProtocolEvents

  constructor(inner: ProtocolEvents) {
    super()
    this.inner = inner
  }

  override makeConnection(transport: Transport): void {
    void super.makeConnection(transport)
    void this.inner.makeConnection(transport)
  }

  override dataReceived(data: Buffer): void {
    void this.inner.dataReceived(data)
  }

  readConnectionLost(): void {
    void this.inner.readConnectionLost?.()
  }

  override connectionLost(reason: ConnectionClosed): void {
    void this.inner.connectionLost(reason)
  }
}

class CallsConnectionLostTwice extends Wrapping {
  override connectionLost(reason: ConnectionClosed): void {
    super.connectionLost(reason)
    super.connectionLost(reason)
  }
}
class NeverCallsConnectionLost extends Wrapping {
  override connectionLost(): void {}
}
class DeliversAfterTheEnd extends Wrapping {
  override connectionLost(reason: ConnectionClosed): void {
    super.connectionLost(reason)
    this.transport.reactor.callLater(10, () => this.dataReceived(Buffer.from('late')))
  }
}
class DeliversBeforeTheStart extends Wrapping {
  override makeConnection(transport: Transport): void {
    super.dataReceived(Buffer.from('early'))
    super.makeConnection(transport)
  }
}
class CallsMakeConnectionTwice extends Wrapping {
  override makeConnection(transport: Transport): void {
    super.makeConnection(transport)
    void this.inner.makeConnection(transport)
  }
}
class ReportsTheEndTooSoon extends Wrapping {
  override dataReceived(data: Buffer): void {
    super.dataReceived(data)
    super.readConnectionLost()
  }
}

/** A server and a client that run for ten seconds of virtual time and are then stopped. */
class Meeting {
  readonly sim: Simulation
  readonly witness: Witness

  constructor(seed = 1) {
    this.sim = new Simulation({ seed })
    this.witness = new Witness(this.sim)
  }

  /**
   * Runs both protocols, and checks them with the witness. Of a `Wrapping` server, the inner protocol is
   * watched.
   */
  async hold(client: ProtocolEvents, server: ProtocolEvents = new Receiving()): Promise<void> {
    const { sim, witness } = this
    // The witness reports them itself.
    sim.expectError(/A protocol failed/, { least: 0 })
    witness.watch(client)
    witness.watch(server instanceof Wrapping ? server.inner : server)
    const policies = [witness]
    this.runs('server', (reactor) => reactor.listenTCP(7, new OneProtocol(server), { policies }))
    this.runs('client', (reactor) => {
      reactor.connectTCP('server', 7, new OneProtocol(client), { policies })
    })
    await sim.run(10_000)
    await witness.drain(1000)
    witness.hold()
  }

  runs(name: string, program: (reactor: HostReactor) => unknown): void {
    this.sim.host(name, async (reactor) => {
      void reactor.run({ installSignalHandlers: false })
      await program(reactor)
    })
  }
}

describe('Witness', () => {
  test('reports nothing for protocols that keep the rules', async () => {
    await expect(new Meeting().hold(new Caller(), new Wrapping(new Receiving()))).resolves.toBeUndefined()
  })

  test('reports bytes received that differ from those sent', async () => {
    await expect(new Meeting().hold(new Careless())).rejects.toThrow(
      'server at 10.0.0.1:7 received 5 bytes from 10.0.0.2:49962 that differ from those sent',
    )
  })

  test.each([
    [CallsConnectionLostTwice, 'was called with connectionLost in the state lost'],
    [NeverCallsConnectionLost, 'was never notified of its end'],
    [DeliversAfterTheEnd, 'was called with dataReceived in the state lost'],
    [CallsMakeConnectionTwice, 'was called with makeConnection in the state up'],
  ])('reports a protocol with wrong callbacks: %o', async (Broken, violation) => {
    await expect(new Meeting().hold(new Caller(), new Broken(new Receiving()))).rejects.toThrow(
      `Receiving of server at 10.0.0.1:7, connected to 10.0.0.2:49962, ${violation}`,
    )
  })

  test('reports a callback before makeConnection', async () => {
    await expect(
      new Meeting().hold(new Caller(), new DeliversBeforeTheStart(new Receiving())),
    ).rejects.toThrow('Receiving, never connected, was called with dataReceived in the state new')
  })

  test('reports a FIN delivered before all bytes', async () => {
    // With this seed the five bytes arrive in two segments.
    await expect(
      new Meeting(6).hold(new Caller(), new ReportsTheEndTooSoon(new Receiving())),
    ).rejects.toThrow(
      /^server at 10\.0\.0\.1:7 received \d bytes from 10\.0\.0\.2:\d+ and was notified of the FIN after \d of 5$/,
    )
  })

  test('reports the host of a protocol that throws', async () => {
    await expect(new Meeting().hold(new Caller(), new Failing())).rejects.toThrow(
      /^server logged: A protocol failed; its connection is aborted: Error: that was too much/,
    )
  })

  test('reports a host that does not stop by its deadline', async () => {
    const meeting = new Meeting()
    meeting.runs('idler', (reactor) => {
      reactor.addSystemEventTrigger('before', 'shutdown', () => new Promise(() => undefined))
    })
    await expect(meeting.hold(new Caller())).rejects.toThrow(
      'idler has not stopped 1000 ms after its deadline',
    )
  })

  test('reports what is not closed at the end, and where it was opened', async () => {
    const meeting = new Meeting()
    // The reactor of this host does not run, so it is not stopped.
    meeting.sim.host('keeper', (reactor) => reactor.listenTCP(7, new OneProtocol(new Receiving())))
    await expect(meeting.hold(new Caller())).rejects.toThrow(
      /^keeper has not closed the port \[::\]:7, opened .*invariants\.test\.ts/,
    )
  })

  test('reports what is still open when all work should be done', async () => {
    const { sim, witness } = new Meeting()
    sim.host('forgetful', (reactor) => void reactor.callLater(100_000, () => undefined))
    await sim.run(1000)
    witness.expectNothingUnderWay()
    expect(() => witness.hold()).toThrow(
      /^forgetful has not closed the timer at 100000 ms, opened .*, although all work should be done/,
    )
  })
})
