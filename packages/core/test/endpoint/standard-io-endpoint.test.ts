import { describe, expect, test } from 'vitest'
import type { ProtocolEvents } from '../../src/contracts/protocol-events.ts'
import { StandardIOEndpoint } from '../../src/endpoint/standard-io-endpoint.ts'
import { CannotListenError } from '../../src/errors.ts'
import { Factory } from '../../src/protocol/factory.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'
import { OneProtocol } from '../one-protocol.ts'

describe('StandardIOEndpoint', () => {
  const reactor = { standardIO: (protocol: ProtocolEvents) => StringTransport.connect(protocol) }

  test('connects a protocol at once, its only connection', async () => {
    const [protocol, factory] = [new Recorder(), new OneProtocol(new Recorder())]
    const port = await new StandardIOEndpoint(reactor).listen(new OneProtocol(protocol))
    expect([protocol.made, port.connections.size]).toEqual([true, 1])
    protocol.transport.abortConnection()
    protocol.transport.reactor.now()
    const stopped = await new StandardIOEndpoint(reactor).listen(factory)
    await stopped.suspend()
    await stopped.resume()
    await stopped.stopListening()
    await stopped[Symbol.asyncDispose]()
    expect(factory.numPorts).toBe(0)
  })

  test('rejects when the factory refuses, or stdin is taken', async () => {
    class Refusing extends Factory {
      override buildProtocol(): undefined {}
    }
    await expect(new StandardIOEndpoint(reactor).listen(new Refusing())).rejects.toBeInstanceOf(
      CannotListenError,
    )
    const taken = {
      standardIO: (): never => {
        throw new Error('somebody reads it already')
      },
    }
    const factory = new OneProtocol(new Recorder())
    await expect(new StandardIOEndpoint(taken).listen(factory)).rejects.toThrow('somebody reads it already')
    expect(factory.numPorts).toBe(0)
  })
})
