import { type ConnectionClosed, Protocol, type ProtocolEvents, type Transport } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { type HostReactor, Simulation } from '../../src/index.ts'
import { OneProtocol } from '../simulated-harness.ts'
import { Witness } from './invariants.ts'

/** Says something at once and something later, then that this is all. */
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

/** Changes what it has given away. */
class Careless extends Protocol {
  override connectionMade(): void {
    const data = Buffer.from('hello')
    this.transport.write(data)
    data.write('jello')
  }
}

/** Does nothing until the other side has said all. */
class Hearing extends Protocol {
  readConnectionLost(): void {
    this.transport.loseConnection()
  }
}

class Failing extends Hearing {
  override dataReceived(): void {
    throw new Error('that was too much')
  }
}

/** Passes everything on to another protocol, as it should. */
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

class TellsTheEndTwice extends Wrapping {
  override connectionLost(reason: ConnectionClosed): void {
    super.connectionLost(reason)
    super.connectionLost(reason)
  }
}
class TellsNoEnd extends Wrapping {
  override connectionLost(): void {}
}
class TellsBehindTheEnd extends Wrapping {
  override connectionLost(reason: ConnectionClosed): void {
    super.connectionLost(reason)
    this.transport.reactor.callLater(10, () => this.dataReceived(Buffer.from('late')))
  }
}
class TellsBeforeTheBeginning extends Wrapping {
  override makeConnection(transport: Transport): void {
    super.dataReceived(Buffer.from('early'))
    super.makeConnection(transport)
  }
}
class TellsTheBeginningTwice extends Wrapping {
  override makeConnection(transport: Transport): void {
    super.makeConnection(transport)
    void this.inner.makeConnection(transport)
  }
}
class TellsTheEndTooSoon extends Wrapping {
  override dataReceived(data: Buffer): void {
    super.dataReceived(data)
    super.readConnectionLost()
  }
}

/** A server and a client that runs a program, for ten seconds; then both are stopped. */
class Meeting {
  readonly sim: Simulation = new Simulation({ seed: 1 })
  readonly witness: Witness = new Witness(this.sim)

  /** The client connects with one protocol; of the server another is watched, or that within it. */
  async hold(client: ProtocolEvents, server: ProtocolEvents = new Hearing()): Promise<void> {
    const { sim, witness } = this
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
  test('finds nothing wrong with those who keep the rules', async () => {
    await expect(new Meeting().hold(new Caller(), new Wrapping(new Hearing()))).resolves.toBeUndefined()
  })

  test('names who has received what was not sent like this', async () => {
    await expect(new Meeting().hold(new Careless())).rejects.toThrow(
      'server at 10.0.0.1:7 received 5 bytes from 10.0.0.2:49152 that were not sent like this',
    )
  })

  test.each([
    [TellsTheEndTwice, 'heard connectionLost when it was lost'],
    [TellsNoEnd, 'has never heard of its end'],
    [TellsBehindTheEnd, 'heard dataReceived when it was lost'],
    [TellsTheBeginningTwice, 'heard makeConnection when it was up'],
  ])('names who is told wrongly: %o', async (Broken, violation) => {
    await expect(new Meeting().hold(new Caller(), new Broken(new Hearing()))).rejects.toThrow(
      `Hearing of server at 10.0.0.1:7, connected to 10.0.0.2:49152, ${violation}`,
    )
  })

  test('names who is told of something before its connection is made', async () => {
    await expect(
      new Meeting().hold(new Caller(), new TellsBeforeTheBeginning(new Hearing())),
    ).rejects.toThrow('Hearing, never connected, heard dataReceived when it was new')
  })

  test('names who is told of the end before all has come', async () => {
    await expect(new Meeting().hold(new Caller(), new TellsTheEndTooSoon(new Hearing()))).rejects.toThrow(
      /^server at 10\.0\.0\.1:7 received \d bytes from 10\.0\.0\.2:49152 and was told after \d of 5 that this was all$/,
    )
  })

  test('names whose protocol fails', async () => {
    await expect(new Meeting().hold(new Caller(), new Failing())).rejects.toThrow(
      /^server logged: A protocol failed; its connection is aborted: Error: that was too much/,
    )
  })

  test('names who does not end by its deadline', async () => {
    const meeting = new Meeting()
    meeting.runs('idler', (reactor) => {
      reactor.addSystemEventTrigger('before', 'shutdown', () => new Promise(() => undefined))
    })
    await expect(meeting.hold(new Caller())).rejects.toThrow('idler has not ended 1000 ms after its deadline')
  })

  test('names what is not closed in the end, and where it was opened', async () => {
    const meeting = new Meeting()
    // Nobody runs this one's reactor, so nobody stops it.
    meeting.sim.host('keeper', (reactor) => reactor.listenTCP(7, new OneProtocol(new Hearing())))
    await expect(meeting.hold(new Caller())).rejects.toThrow(
      /^keeper has not closed the port 10\.0\.0\.1:7, opened .*invariants\.test\.ts/,
    )
  })

  test('names what is under way though nobody is at anything', async () => {
    const { sim, witness } = new Meeting()
    sim.host('forgetful', (reactor) => void reactor.callLater(100_000, () => undefined))
    await sim.run(1000)
    witness.expectNothingUnderWay()
    expect(() => witness.hold()).toThrow(
      /^forgetful has not closed the timer at 100000 ms, opened .*, though nobody is at anything/,
    )
  })
})
