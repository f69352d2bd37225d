import { describe, expect, test } from 'vitest'
import { tcpAddress } from '../../src/addresses.ts'
import { ConnectionRace } from '../../src/endpoint/connection-race.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { OneProtocol } from '../one-protocol.ts'
import { SeveralAddresses } from './several-addresses.ts'

describe('ConnectionRace', () => {
  test('is not run for a signal that has aborted', async () => {
    const reactor = new SeveralAddresses()
    const address = tcpAddress('both.test', 80)
    const race = new ConnectionRace(
      { reactor, port: 80, attemptDelayMs: 250, options: {}, address },
      new OneProtocol(new Recorder()),
    )
    const why = new Error('too late')
    await expect(race.run(['192.0.2.1'], AbortSignal.abort(why))).rejects.toBe(why)
    expect(reactor.tried).toEqual([])
  })

  test('starts and stops the factory as often as it connects, and shows its policies to each attempt', async () => {
    const reactor = new SeveralAddresses()
    const accepted: number[] = []
    class Policed extends OneProtocol<Recorder> {
      readonly policies = [
        {
          accepted: (transport: { readonly id: number }): undefined => {
            accepted.push(transport.id)
          },
        },
      ]
    }
    reactor.answers.set('192.0.2.1', { refusedAfterMs: 0 }).set('192.0.2.2', 0)
    await reactor.listenTCP(80, new OneProtocol(new Recorder()))
    const factory = new Policed(new Recorder())
    const address = tcpAddress('both.test', 80)
    const race = new ConnectionRace({ reactor, port: 80, attemptDelayMs: 250, options: {}, address }, factory)
    const winning = race.run(['192.0.2.1', '192.0.2.2'], new AbortController().signal)
    for (let turns = 0; turns < 5; turns++) {
      reactor.advance(1)
      await reactor.settle()
    }
    const protocol = await winning
    expect([accepted.length, factory.numPorts]).toEqual([1, 1])
    protocol.transport.abortConnection()
    await reactor.settle()
    expect(factory.numPorts).toBe(0)
  })
})
