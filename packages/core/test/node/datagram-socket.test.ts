import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, test } from 'vitest'
import { datagramChecks } from '../../src/checks.ts'
import { InvalidAddressError } from '../../src/endpoints.ts'
import { createReactor } from '../../src/index.ts'
import type { LogEvent } from '../../src/log.ts'
import { ConnectedDatagramProtocol, type DatagramTransport } from '../../src/udp.ts'
import { DatagramEcho, DatagramRecorder } from '../../src/checks/datagram-harness.ts'
import { socketDatagramHarness } from './datagram-harness.ts'
import { runProgram } from './run-program.ts'
import { until } from './socket-harness.ts'

const LOOPBACK = { interface: '127.0.0.1' }
const HAS_IPV6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

describe('sockets pass the UDP checks', () => {
  const cases = datagramChecks.map((check) => [check.name, check] as const)

  test.each(cases)('%s', async (_name, check) => {
    const harness = socketDatagramHarness()
    try {
      await expect(check.run(harness)).resolves.toBeUndefined()
    } finally {
      await harness.closeAll()
    }
  })
})

describe('DatagramSocket', () => {
  const logged: LogEvent[] = []
  const reactor = createReactor({ log: (event) => logged.push(event) })

  afterEach(() => {
    logged.length = 0
  })

  test('exchanges datagrams with any UDP socket', async () => {
    const port = await reactor.listenUDP(0, new DatagramEcho(), LOOPBACK)
    const client = createSocket('udp4')
    client.send('ping', port.getHost().port, '127.0.0.1')
    const [answer, from] = await once(client, 'message')
    expect([String(answer), from.port]).toEqual(['ping', port.getHost().port])
    client.close()
    await port.stopListening()
  })

  test('is closed by a stop, and notifies its protocol', async () => {
    const protocol = new DatagramRecorder()
    const run = reactor.run({ installSignalHandlers: false })
    const port = await reactor.listenUDP(0, protocol, LOOPBACK)
    await reactor.stop()
    await run
    expect([port.listening, protocol.stops]).toEqual([false, 1])
    const again = await reactor.listenUDP(port.getHost().port, protocol, LOOPBACK)
    await again.stopListening()
  })

  test('carries the longest possible datagram', async () => {
    const server = new DatagramRecorder()
    const port = await reactor.listenUDP(0, server, { ...LOOPBACK, maxPacketBytes: 65_535 })
    const sent = Buffer.alloc(65_507, 'ropewalk ')
    port.write(sent, port.getHost())
    await until(() => server.datagrams.length === 1)
    expect(server.datagrams[0]?.equals(sent)).toBe(true)
    await port.stopListening()
  })

  test('sends at once, so that a datagram written before the close arrives', async () => {
    const server = new DatagramRecorder()
    const port = await reactor.listenUDP(0, server, LOOPBACK)
    const client = await reactor.listenUDP(0, new DatagramRecorder(), LOOPBACK)
    client.write('last', port.getHost())
    await client.stopListening()
    await until(() => server.texts.length === 1)
    expect(server.texts).toEqual(['last'])
    await port.stopListening()
  })

  test('cannot connect to an address without a route from its own, and stays open', async () => {
    const port = await reactor.listenUDP(0, new DatagramRecorder(), LOOPBACK)
    expect(() => port.connect('10.255.255.254', 9)).toThrow(InvalidAddressError)
    await until(() => logged.length === 1)
    expect([logged[0]?.level, port.listening, port.drops.failed]).toEqual(['warn', true, 1])
    port.connect('127.0.0.1', port.getHost().port)
    await port.stopListening()
  })

  test('cannot send on an interface that this machine does not have', async () => {
    const port = await reactor.listenUDP(0, new DatagramRecorder(), LOOPBACK)
    expect(() => port.setOutgoingInterface('203.0.113.9')).toThrow(InvalidAddressError)
    port.setLoopbackMode(false)
    await port.stopListening()
  })

  test.skipIf(process.platform !== 'linux')(
    'receives a broadcast once it is allowed (the loopback network has broadcasts only on Linux)',
    async () => {
      const server = new DatagramRecorder()
      const port = await reactor.listenUDP(0, server)
      const client = await reactor.listenUDP(0, new DatagramRecorder(), LOOPBACK)
      client.setBroadcastAllowed(true)
      client.write('to all', { host: '127.255.255.255', port: port.getHost().port })
      await until(() => server.texts.length === 1)
      client.setBroadcastAllowed(false)
      client.write('to all', { host: '127.255.255.255', port: port.getHost().port })
      await until(() => client.drops.failed === 1)
      expect(server.texts).toEqual(['to all'])
      await Promise.all([port.stopListening(), client.stopListening()])
    },
  )

  test('looks up the name of a peer', async () => {
    class Asking extends ConnectedDatagramProtocol {
      answer = ''

      override startProtocol(): void {
        this.transport.write('hello')
      }

      override datagramReceived(data: Buffer): void {
        this.answer = data.toString()
      }
    }
    const server = await reactor.listenUDP(0, new DatagramEcho(), LOOPBACK)
    const asking = new Asking('localhost', server.getHost().port)
    const client = await reactor.listenUDP(0, asking)
    await until(() => asking.answer !== '')
    expect(asking.answer).toBe('hello')
    await Promise.all([server.stopListening(), client.stopListening()])
  })

  test('does not end the process when a peer refuses or a callback throws while the reactor stops', async () => {
    const program = `
      const { ConnectedDatagramProtocol } = await import('@ropewalk/core')
      let refusals = 0
      class Ask extends ConnectedDatagramProtocol {
        startProtocol() {
          this.transport.write('is anybody there?')
        }
        connectionRefused() {
          refusals++
          void reactor.stop()
          if (refusals < 3) this.transport.write('anybody?')
          else stopping.abort()
          throw new Error('refused')
        }
      }
      const stopping = new AbortController()
      reactor.addSystemEventTrigger('before', 'shutdown', () => new Promise((resolve) => stopping.signal.addEventListener('abort', resolve)))
      const nothing = await reactor.listenUDP(0, new (class extends ConnectedDatagramProtocol {})('127.0.0.1', 9), { interface: '127.0.0.1' })
      const { port } = nothing.getHost()
      await nothing.stopListening()
      await reactor.listenUDP(0, new Ask('127.0.0.1', port), { interface: '127.0.0.1' })
      await reactor.run()
      console.log('over', refusals)`
    const { code, output, errors } = await runProgram(program)
    expect([code, output]).toEqual([0, 'over 3\n'])
    expect(errors.match(/A datagram protocol failed; its port stays open/g)).toHaveLength(3)
  })

  test('drops datagrams that others sent before it connected, and accepts a peer under any form of its address', async () => {
    const found: (() => void)[] = []
    const lookup = (): Promise<readonly string[]> =>
      new Promise((resolve) => found.push(() => resolve(['0.0.0.0'])))
    const slow = createReactor({ lookup, log: (event) => logged.push(event) })
    class Asking extends ConnectedDatagramProtocol {
      readonly texts: string[] = []
      port = 0

      override makeConnection(transport: DatagramTransport): Promise<void> {
        this.port = transport.getHost().port
        return super.makeConnection(transport)
      }

      override datagramReceived(data: Buffer): void {
        this.texts.push(data.toString())
      }
    }
    const [server, stranger] = [
      await reactor.listenUDP(0, new DatagramEcho(), LOOPBACK),
      await reactor.listenUDP(0, new DatagramEcho(), LOOPBACK),
    ]
    const asking = new Asking('peer.example', server.getHost().port)
    const opening = slow.listenUDP(0, asking)
    await until(() => asking.port !== 0)
    stranger.write('I am your peer', { host: '127.0.0.1', port: asking.port })
    // Datagrams of the turn in which the name is found are in the system's queue at the connect.
    found[0]?.()
    const client = await opening
    client.write('hello')
    await until(() => asking.texts.length === 1)
    expect([asking.texts, client.drops.stranger]).toEqual([['hello'], 1])
    await Promise.all([server, stranger, client].map((each) => each.stopListening()))
  })

  test.skipIf(!HAS_IPV6)('carries both families on :: (where the machine has IPv6)', async () => {
    const [echo, four, six] = [new DatagramEcho(), new DatagramRecorder(), new DatagramRecorder()]
    const server = await reactor.listenUDP(0, echo, { interface: '::' })
    const [viaFour, viaSix] = [
      await reactor.listenUDP(0, four, LOOPBACK),
      await reactor.listenUDP(0, six, { interface: '::1', ipv6Only: true }),
    ]
    const { port } = server.getHost()
    viaFour.write('4', { host: '127.0.0.1', port })
    viaSix.connect('::1', port)
    viaSix.write('6')
    await until(() => four.texts.length === 1 && six.texts.length === 1)
    expect(echo.senders.map(({ host }) => host).toSorted()).toEqual(['127.0.0.1', '::1'])
    expect(server.getHost().family).toBe(6)
    await Promise.all([server, viaFour, viaSix].map((each) => each.stopListening()))
    expect(logged).toEqual([])
  })

  test.skipIf(!HAS_IPV6)('connects to IPv4 on :: (where the machine has IPv6)', async () => {
    const [server, client] = [new DatagramEcho(), new DatagramRecorder()]
    const [to, port] = [
      await reactor.listenUDP(0, server, LOOPBACK),
      await reactor.listenUDP(0, client, { interface: '::' }),
    ]
    port.connect('127.0.0.1', to.getHost().port)
    port.write('hello')
    await until(() => client.texts.length === 1)
    expect(client.senders).toEqual([to.getHost()])
    await Promise.all([to.stopListening(), port.stopListening()])
  })
})
