import { Factory, Protocol, type ProtocolEvents, sleep } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { Simulation } from '../../src/index.ts'
import { OneProtocol } from '../simulated-harness.ts'
import { Noting } from '../two-hosts.ts'
import { Witness } from './invariants.ts'

/** A server and a client, watched; the client says hello and closes. */
class Pair {
  readonly sim: Simulation = new Simulation({ seed: 1 })
  readonly witness: Witness = new Witness(this.sim)
  readonly client: Noting = new Noting()

  constructor(served: ProtocolEvents) {
    const { witness } = this
    this.sim.host('server', async (reactor) => {
      void reactor.run({ installSignalHandlers: false })
      await reactor.listenTCP(7, witness.watchAll(new OneProtocol(served)), { policies: [witness] })
    })
    this.sim.host('client', async (reactor) => {
      void reactor.run({ installSignalHandlers: false })
      await sleep(100, { reactor })
      reactor.connectTCP('server', 7, new OneProtocol(witness.watch(this.client)), { policies: [witness] })
      await sleep(100, { reactor })
      this.client.transport.write('hello')
      await sleep(100, { reactor })
      this.client.transport.loseConnection()
    })
  }

  async end(): Promise<void> {
    await this.sim.run(5000)
    await this.witness.drain(1000)
    this.witness.hold()
  }
}

describe('Witness', () => {
  test('has nothing to say of a run that keeps everything', async () => {
    const served = new Noting()
    await new Pair(served).end()
    expect([served.bytes.toString(), served.losses.length]).toEqual(['hello', 1])
  })

  test('names a callback after the end', async () => {
    class Restless extends Protocol {
      override connectionLost(): void {
        this.transport.reactor.callLater(10, () => void this.dataReceived(Buffer.from('late')))
      }
    }
    await expect(new Pair(new Restless()).end()).rejects.toThrow(
      /Restless of 10\.0\.0\.1:7, connected to 10\.0\.0\.2:\d+, heard dataReceived when it was lost/,
    )
  })

  test('names an end that is told twice, and a connection made twice', async () => {
    class Twice extends Noting {
      override connectionMade(): void {
        this.transport.reactor.callLater(1000, () => {
          const [reason] = this.losses
          if (reason !== undefined) this.connectionLost(reason)
        })
      }
    }
    await expect(new Pair(new Twice()).end()).rejects.toThrow('heard connectionLost when it was lost')
    const once = new Noting()
    const pair = new Pair(once)
    pair.sim.at(250, () => void once.makeConnection(once.transport))
    await expect(pair.end()).rejects.toThrow('heard makeConnection when it was up')
  })

  test('names bytes that came otherwise than they were sent', async () => {
    const pair = new Pair(new Noting())
    // What a watch is told on one side is not what the other side got.
    pair.sim.at(150, () => {
      const watch = pair.witness.accepted(pair.client.transport)
      watch.received?.(Buffer.from('never sent'))
    })
    await expect(pair.end()).rejects.toThrow(
      /10\.0\.0\.2:\d+ received 10 bytes from 10\.0\.0\.1:7 that were not sent/,
    )
  })

  test('names what is not closed, with the line that opened it', async () => {
    const pair = new Pair(new Noting())
    const { reactor } = pair.sim.host('forgetful', () => undefined)
    reactor.callLater(1e9, () => undefined)
    await expect(pair.end()).rejects.toThrow(/forgetful has not closed the timer .*invariants\.test\.ts/)
  })

  test('names what was logged as an error', async () => {
    class Failing extends Protocol {
      override dataReceived(): void {
        throw new Error('no more')
      }
    }
    await expect(new Pair(new Failing()).end()).rejects.toThrow(/server logged: .*no more/)
  })

  test('names a protocol that never hears of its end', async () => {
    const sim = new Simulation({ seed: 1 })
    const witness = new Witness(sim)
    sim.host('server', (reactor) => reactor.listenTCP(7, witness.watchAll(Factory.forProtocol(Noting))))
    sim.host('client', (reactor) => reactor.connectTCP('server', 7, Factory.forProtocol(Noting)))
    await sim.run(1000)
    expect(() => witness.hold()).toThrow(/Noting of 10\.0\.0\.1:7.* has never heard of its end/)
  })

  test('names a host that does not end by its deadline', async () => {
    const sim = new Simulation({ seed: 1 })
    const witness = new Witness(sim)
    const host = sim.host('slow', (reactor) => {
      void reactor.run({ installSignalHandlers: false })
      reactor.addSystemEventTrigger('before', 'shutdown', () => sleep(60_000, { reactor }))
    })
    await sim.run(10)
    expect(host.reactor.running).toBe(true)
    await witness.drain(1000)
    expect(() => witness.hold()).toThrow('slow has not ended 1000 ms after its deadline')
  })
})
