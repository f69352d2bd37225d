import { describe, expect, test } from 'vitest'
import { tcpAddress, unixAddress } from '../../src/index.ts'
import type { DialEvents } from '../../src/reactor.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { MemoryNetwork } from '../../src/testing/memory-network.ts'
import { OneProtocol } from '../one-protocol.ts'

describe('MemoryNetwork', () => {
  const make = (): {
    reactor: MemoryReactor
    network: MemoryNetwork
    calls: string[]
    events: DialEvents
  } => {
    const reactor = new MemoryReactor()
    const calls: string[] = []
    const events: DialEvents = {
      connected: ({ peerAddress }) => calls.push(`connected ${peerAddress.type}`),
      failed: (reason) => calls.push(reason.name),
    }
    return { reactor, network: new MemoryNetwork(reactor.registry), calls, events }
  }

  test('dials in a later turn, and not once cancelled', async () => {
    const { reactor, network, calls, events } = make()
    await network.listen(tcpAddress('127.0.0.1', 80), new OneProtocol(new Recorder()))
    network.dial(tcpAddress('localhost', 80), events)
    network.dial(tcpAddress('localhost', 80), events).cancel()
    network.dial(tcpAddress('localhost', 81), events)
    expect(calls).toEqual([])
    reactor.pump()
    expect(calls).toEqual(['connected TCP', 'ConnectionRefusedError'])
  })

  test('gives every port 0 its own number', async () => {
    const { network } = make()
    const factory = new OneProtocol(new Recorder())
    const ports = [
      await network.listen(tcpAddress('::1', 0), factory),
      await network.listen(tcpAddress('::1', 0), factory),
    ]
    const numbers = ports.map((port) => JSON.stringify(port.getHost()))
    expect(new Set(numbers).size).toBe(2)
    expect(ports[0]?.getHost()).toMatchObject({ host: '::1', family: 6 })
  })

  test('frees an address when its port stops, which it does once', async () => {
    const { network } = make()
    const [address, factory] = [unixAddress('/run/app'), new OneProtocol(new Recorder())]
    const port = await network.listen(address, factory)
    const stopped = port.stopListening()
    expect(port.stopListening()).toBe(stopped)
    await stopped
    await port[Symbol.asyncDispose]()
    expect(factory.numPorts).toBe(0)
    await expect(network.listen(address, factory)).resolves.toHaveProperty('factory', factory)
  })

  test('leaves connections up when a port stops', async () => {
    const reactor = new MemoryReactor()
    const server = new Recorder()
    const port = await reactor.listenTCP(80, new OneProtocol(server))
    reactor.connectTCP('127.0.0.1', 80, new OneProtocol(new Recorder()))
    reactor.pump()
    await port.stopListening()
    await reactor.settle()
    expect(server.transport.connected).toBe(true)
  })

  test('logs the failure of stopFactory, and still stops', async () => {
    const { reactor, network } = make()
    const fault = new Error('stuck')
    const factory = new (class extends OneProtocol<Recorder> {
      override stopFactory(): void {
        throw fault
      }
    })(new Recorder())
    const port = await network.listen(tcpAddress('127.0.0.1', 80), factory)
    await port.stopListening()
    expect(reactor.logged.map(({ error }) => error)).toEqual([fault])
  })

  test('opens no port when startFactory throws', async () => {
    const { network } = make()
    const factory = new (class extends OneProtocol<Recorder> {
      override startFactory(): void {
        throw new Error('not ready')
      }
    })(new Recorder())
    const address = tcpAddress('127.0.0.1', 80)
    await expect(network.listen(address, factory)).rejects.toThrow('not ready')
    await expect(network.listen(address, new OneProtocol(new Recorder()))).resolves.toBeDefined()
  })
})
