import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, test } from 'vitest'
import { ConnectionDone, tcpAddress } from '../../src/index.ts'
import { type DiagnosticEvents, logConnection } from '../../src/log.ts'
import { MemoryReactor, StringTransport } from '../../src/testing.ts'
import { connectionLabel, diagnose, reportClose, reportFault } from '../../src/transport/diagnostics.ts'
import { DatagramRecorder } from '../../src/checks/datagram-harness.ts'
import { Echo, Recorder } from '../../src/checks/transport-harness.ts'
import { OneProtocol } from '../one-protocol.ts'
import { PolicedServer } from '../policy/policies.ts'

type Messages = { readonly [N in keyof DiagnosticEvents]?: DiagnosticEvents[N][] }

describe('diagnose', () => {
  const undo: (() => void)[] = []

  /** Subscribes to every channel; returns the published messages by channel. */
  const listen = (): Messages => {
    const messages: Record<string, unknown[]> = {}
    for (const what of ['listen', 'accept', 'connect', 'switch', 'pause', 'close', 'refused', 'error']) {
      const name = `ropewalk.${what}`
      const note = (message: unknown): void => void (messages[name] ??= []).push(message)
      subscribe(name, note)
      undo.push(() => unsubscribe(name, note))
    }
    return messages
  }

  afterEach(() => {
    for (const unlisten of undo.splice(0)) unlisten()
  })

  test('creates no message while a channel has no subscriber', () => {
    diagnose('ropewalk.pause', () => {
      throw new Error('a message was created')
    })
    expect(listen()).toEqual({})
  })

  test('publishes that a UDP port is bound', async () => {
    const messages = listen()
    const port = await new MemoryReactor().listenUDP(53, new DatagramRecorder())
    expect(messages).toEqual({ 'ropewalk.listen': [{ address: port.getHost() }] })
  })

  test('publishes the events of a connection', async () => {
    const reactor = new MemoryReactor()
    const messages = listen()
    const [first, next, client] = [new Echo(), new Recorder(), new Recorder()]
    const port = await reactor.listenTCP(80, new OneProtocol(first))
    reactor.connectTCP('localhost', 80, new OneProtocol(client))
    reactor.pump()
    client.transport.write('hello')
    reactor.advance(250)
    first.transport.pauseProducing()
    first.transport.switchProtocol(next)
    client.transport.loseConnection()
    reactor.pump()
    const { transport } = next
    expect(messages['ropewalk.listen']).toEqual([{ address: port.getHost() }])
    expect(messages['ropewalk.accept']).toEqual([{ transport, protocol: first }])
    expect(messages['ropewalk.connect']).toEqual([{ transport: client.transport, protocol: client }])
    expect(messages['ropewalk.pause']).toEqual([{ transport }])
    expect(messages['ropewalk.switch']).toEqual([{ transport, previous: first, protocol: next }])
    const closed = messages['ropewalk.close']?.find((event) => event.transport === transport)
    expect(closed).toMatchObject({ receivedBytes: 5, sentBytes: 5, durationMs: 250 })
    expect(closed?.reason.name).toBe('ConnectionDone')
  })

  test('publishes faults and connections refused at a limit', async () => {
    const messages = listen()
    const server = await PolicedServer.listen({ maxConnections: 1, maxWaiting: 0 })
    const client = server.connect()
    server.connect()
    const fault = new Error('a fault')
    server.served[0]?.transport.switchProtocol(
      new (class extends Recorder {
        override dataReceived(): never {
          throw fault
        }
      })(),
    )
    client.transport.write('x')
    server.reactor.pump()
    expect(messages['ropewalk.refused']).toMatchObject([{ peer: { type: 'TCP' }, address: { port: 80 } }])
    expect(messages['ropewalk.error']).toMatchObject([{ error: fault, protocol: {} }])
  })
})

describe('connection reports', () => {
  const peer = tcpAddress('192.168.1.1', 54_321)

  test('name a connection by its id, its peer and its current protocol', () => {
    const transport = new StringTransport()
    expect(logConnection(transport, new Recorder())).toEqual({ id: 1, peer, protocol: 'Recorder' })
    expect(connectionLabel(transport, new Recorder())).toBe('Recorder 1 192.168.1.1:54321')
    expect(connectionLabel(transport, undefined)).toBe('no protocol 1 192.168.1.1:54321')
  })

  test('log a fault with the connection, the protocol and the error', () => {
    const [transport, protocol, error] = [new StringTransport(), new Recorder(), new Error('why')]
    reportFault(transport, protocol, error)
    const connection = { id: 1, peer, protocol: 'Recorder' }
    const text = 'A protocol failed; its connection is aborted'
    const fault = { level: 'error', connection, source: protocol, error }
    expect(transport.reactor.logged).toMatchObject([{ ...fault, text }])
    transport.abortConnection()
    transport.reactor.pump()
    reportFault(transport, protocol, error)
    expect(transport.reactor.logged[1]).toMatchObject({
      ...fault,
      text: 'A protocol failed; its connection had ended already',
    })
  })

  test('publish the end of a connection with its byte counts and its duration', () => {
    const [transport, reason, published] = [new StringTransport(), new ConnectionDone(), [] as unknown[]]
    const note = (message: unknown): void => void published.push(message)
    subscribe('ropewalk.close', note)
    transport.reactor.advance(500)
    reportClose(transport, reason, 10, 20, 200)
    unsubscribe('ropewalk.close', note)
    expect(published).toEqual([{ transport, reason, receivedBytes: 10, sentBytes: 20, durationMs: 300 }])
  })
})
