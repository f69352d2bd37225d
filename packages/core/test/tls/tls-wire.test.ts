import { describe, expect, test } from 'vitest'
import { Recorder } from '../../src/checks/transport-harness.ts'
import { MemoryReactor, StringTransport } from '../../src/testing.ts'
import { ClientTLS, ServerTLS } from '../../src/tls.ts'
import { WireDuplex } from '../../src/tls/tls-wire.ts'
import { memoryWireHarness } from '../memory-wire-harness.ts'
import { type SocketHarness, tlsHarness } from '../node/socket-harness.ts'
import { type SystemWireHarness, tcpWires, tlsWiresOver } from '../node/wire-harnesses.ts'
import { OneProtocol } from '../one-protocol.ts'
import { RecordingWire } from '../recording-wire.ts'
import { abortedAfterEach, runChecks, runWireChecks } from '../run-checks.ts'
import { root, server as certificate } from './certificates.ts'
import { Relay } from './relay.ts'
import { settleUntil, tlsMemoryHarness } from './tls-memory-harness.ts'

describe('TLSWire as a wire', () => {
  const wires = abortedAfterEach<SystemWireHarness>()

  describe('over TCP', () => {
    runWireChecks(() => tlsWiresOver(wires(tcpWires()), ['reset', 'backpressure', 'early end']))
  })
  describe('over memory', () => {
    runWireChecks(() => tlsWiresOver(memoryWireHarness(), ['reset', 'early end']))
  })
})

describe('TLSWire over TCP', () => {
  const kept = abortedAfterEach<SocketHarness>()
  runChecks(() => kept(tlsHarness()))
})

describe('TLSWire over memory', () => {
  runChecks(tlsMemoryHarness)
})

test('TLSWire has the hiddenBytes of the wire under it', () => {
  const wire = Object.assign(new RecordingWire(), { hiddenBytes: 7 })
  const ignore = (): void => undefined
  const events = {
    wireData: ignore,
    wireEnded: ignore,
    wireWritable: ignore,
    wireClosed: ignore,
    wireSecured: ignore,
  }
  const secure = new ServerTLS(certificate).secure({ wire, unsent: [], busy: false }, events)
  expect(secure.hiddenBytes).toBe(7)
})

describe('TLSWire seen from between its ends', () => {
  const connect = async (): Promise<{
    reactor: MemoryReactor
    server: Recorder
    client: Recorder
    toClient: Relay
    toServer: Relay
  }> => {
    const [reactor, server, client] = [new MemoryReactor(), new Recorder(), new Recorder()]
    await reactor.listenSSL(443, new OneProtocol(server), certificate)
    const { toClient, toServer } = await Relay.between(reactor)
    reactor.connectSSL('localhost', 444, new OneProtocol(client), { trustRoots: [root] })
    await settleUntil(reactor, () => server.made && client.made)
    return { reactor, server, client, toClient, toServer }
  }

  test('sends the writes of one turn as one record', async () => {
    const { reactor, server, client, toClient } = await connect()
    const before = toClient.recordLengths.length
    for (const letter of 'abcdef') client.transport.write(letter)
    await settleUntil(reactor, () => server.text === 'abcdef')
    expect(toClient.recordLengths.length - before).toBe(1)
  })

  test('sends close_notify before its end (RFC 8446 §6.1)', async () => {
    const { reactor, server, client, toClient, toServer } = await connect()
    client.transport.write('last words')
    client.transport.loseConnection()
    await settleUntil(reactor, () => server.text === 'last words' && toClient.events.includes('read lost'))
    // RFC 8446 §5.2: two bytes of alert, one byte of content type, 16 bytes of the tag of the cipher.
    expect(toClient.recordLengths.at(-1)).toBe(2 + 1 + 16)
    for (const { transport } of [toClient, toServer]) transport.loseConnection()
    await settleUntil(reactor, () => server.lost && client.lost)
    expect([server.reason?.name, client.reason?.name]).toEqual(['ConnectionDone', 'ConnectionDone'])
  })

  test('treats an end without close_notify as an end', async () => {
    const { reactor, server, client, toClient, toServer } = await connect()
    client.transport.write('cut he')
    await settleUntil(reactor, () => server.text === 'cut he')
    toServer.transport.loseConnection()
    toClient.transport.abortConnection()
    await settleUntil(reactor, () => server.lost && client.lost)
    expect([server.reason?.name, client.reason?.name]).toEqual(['ConnectionDone', 'ConnectionLost'])
    expect([server.losses.length, client.losses.length]).toEqual([1, 1])
    await settleUntil(reactor, () => reactor.connections.size === 0)
    expect(reactor.getDelayedCalls()).toEqual([])
  })
})

test('closes during a handshake, whatever the client sends and however little it reads', async () => {
  const client = StringTransport.connect(new Recorder())
  client.startTLS(new ClientTLS({ trustRoots: [root], serverName: 'localhost' }))
  await settleUntil(client.reactor, () => client.value('latin1') !== '')
  const server = StringTransport.connect(new Recorder())
  server.block()
  server.write('welcome')
  server.pump()
  server.startTLS(new ServerTLS(certificate))
  server.loseConnection()
  await server.reactor.settle()
  server.receive(Buffer.from(client.value('latin1'), 'latin1'))
  await server.reactor.settle()
  server.unblock()
  await server.reactor.settle()
  // The client sends nothing more, so the handshake never completes; the wait for it is bounded.
  await settleUntil(server.reactor, () => {
    server.reactor.advance(1000)
    return !server.connected
  })
  expect(server.value('latin1').startsWith('welcome')).toBe(true)
})

describe('WireDuplex', () => {
  test('writes the unsent bytes first, once the wire is free', () => {
    const wire = new RecordingWire()
    const duplex = new WireDuplex({ wire, unsent: ['plain'], busy: true })
    duplex.write('protected')
    expect(wire.sent).toEqual([])
    duplex.wireWritable()
    expect(wire.sent.map(String)).toEqual(['plain', 'protected'])
  })

  test('ends the wire after all writes', () => {
    const wire = new RecordingWire()
    const duplex = new WireDuplex({ wire, unsent: [], busy: true })
    duplex.end('last')
    expect(wire.calls).toEqual([])
    duplex.wireWritable()
    expect(wire.calls.at(-1)).toBe('end')
  })

  test('pauses the wire while nothing reads, and resumes it', () => {
    const wire = new RecordingWire()
    const duplex = new WireDuplex({ wire, unsent: [], busy: false })
    for (let count = 0; count < 10; count++) duplex.received(Buffer.alloc(65_536))
    expect(wire.calls).toEqual(['pause'])
    while (duplex.read() !== null);
    expect(wire.calls).toEqual(['pause', 'resume'])
  })
})
