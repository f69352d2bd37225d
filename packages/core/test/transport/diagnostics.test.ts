import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, test } from 'vitest'
import { DatagramRecorder } from '../../src/checks/datagram-harness.ts'
import { Echo, Recorder } from '../../src/checks/transport-harness.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { type DiagnosticEvents, diagnose } from '../../src/transport/diagnostics.ts'
import { OneProtocol } from '../one-protocol.ts'
import { PolicedServer } from '../policy/policies.ts'

type Told = { readonly [N in keyof DiagnosticEvents]?: DiagnosticEvents[N][] }

describe('diagnose', () => {
  const undo: (() => void)[] = []

  /** Listens to every channel; answers what has been told, by channel. */
  const listen = (): Told => {
    const told: Record<string, unknown[]> = {}
    for (const what of ['listen', 'accept', 'connect', 'switch', 'pause', 'close', 'refused', 'error']) {
      const name = `ropewalk.${what}`
      const note = (message: unknown): void => void (told[name] ??= []).push(message)
      subscribe(name, note)
      undo.push(() => unsubscribe(name, note))
    }
    return told
  }

  afterEach(() => {
    for (const unlisten of undo.splice(0)) unlisten()
  })

  test('makes nothing while nobody listens', () => {
    diagnose('ropewalk.pause', () => {
      throw new Error('made for nobody')
    })
    expect(listen()).toEqual({})
  })

  test('tells of a UDP port that is bound', async () => {
    const told = listen()
    const port = await new MemoryReactor().listenUDP(53, new DatagramRecorder())
    expect(told).toEqual({ 'ropewalk.listen': [{ address: port.getHost() }] })
  })

  test('tells the life of a connection', async () => {
    const reactor = new MemoryReactor()
    const told = listen()
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
    expect(told['ropewalk.listen']).toEqual([{ address: port.getHost() }])
    expect(told['ropewalk.accept']).toEqual([{ transport, protocol: first }])
    expect(told['ropewalk.connect']).toEqual([{ transport: client.transport, protocol: client }])
    expect(told['ropewalk.pause']).toEqual([{ transport }])
    expect(told['ropewalk.switch']).toEqual([{ transport, previous: first, protocol: next }])
    const closed = told['ropewalk.close']?.find((event) => event.transport === transport)
    expect(closed).toMatchObject({ receivedBytes: 5, sentBytes: 5, durationMs: 250 })
    expect(closed?.reason.name).toBe('ConnectionDone')
  })

  test('tells faults, and who is refused at a limit', async () => {
    const told = listen()
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
    expect(told['ropewalk.refused']).toMatchObject([{ peer: { type: 'TCP' }, address: { port: 80 } }])
    expect(told['ropewalk.error']).toMatchObject([{ error: fault, protocol: {} }])
  })
})
