import { expect, test } from 'vitest'
import { Factory } from '../../src/protocol/factory.ts'
import { Protocol } from '../../src/protocol/protocol.ts'
import { connectedPair } from '../../src/testing/connected-pair.ts'
import { leftovers } from '../../src/testing/leftovers.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { Deadline } from '../../src/transport/deadline.ts'

class Silent extends Protocol {}

test('finds nothing in a new reactor, and nothing once its connections have ended', () => {
  const reactor = new MemoryReactor()
  expect(leftovers(reactor)).toEqual([])
  const { server } = connectedPair(new Silent(), new Silent(), { reactor })
  server.abortConnection()
  reactor.pump()
  expect(leftovers(reactor)).toEqual([])
})

test('names connections that are up, calls that are to come and deadlines', () => {
  const reactor = new MemoryReactor()
  connectedPair(new Silent(), new Silent(), { reactor })
  new Deadline(reactor, () => undefined).set(500)
  reactor.callLater(1_000, () => undefined)
  expect(leftovers(reactor)).toEqual([
    'the connection Silent 1 127.0.0.1:50000',
    'the connection Silent 2 127.0.0.1:80',
    'a call in 100 ms',
    'a call in 1000 ms',
    '1 deadlines of connections',
  ])
})

test('finds a connection that is counted as waiting after its port has closed', async () => {
  const reactor = new MemoryReactor()
  const port = await reactor.listenTCP(80, Factory.forProtocol(Silent), { maxConnections: 0 })
  const connector = reactor.connectTCP('127.0.0.1', 80, Factory.forProtocol(Silent))
  reactor.pump()
  expect(reactor.registry.leftovers).toEqual([])
  connector.disconnect()
  await port.stopListening()
  await reactor.settle()
  expect(leftovers(reactor)).toEqual([])
  reactor.registry.waitingChanged(1)
  expect(leftovers(reactor)).toEqual(['1 connections counted as waiting'])
})
