import { describe, expect, test } from 'vitest'
import { CannotListenError } from '../../src/errors.ts'
import { DatagramRecorder } from '../../src/testing/checks/datagram-recorder.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'

describe('MemoryDatagramNetwork', () => {
  test('delivers at the end of the turn, in order, and copies', async () => {
    const [reactor, server] = [new MemoryReactor(), new DatagramRecorder()]
    await reactor.listenUDP(53, server)
    const port = await reactor.listenUDP(0, new DatagramRecorder())
    const sent = Buffer.from('one')
    port.write(sent, { host: '127.0.0.1', port: 53 })
    port.write('two', { host: '127.0.0.1', port: 53 })
    expect(server.texts).toEqual([])
    reactor.pump()
    expect(server.texts).toEqual(['one', 'two'])
    server.datagrams[0]?.fill('x')
    expect(sent.toString()).toBe('one')
  })

  test('delivers what was written before its port was closed', async () => {
    const [reactor, server] = [new MemoryReactor(), new DatagramRecorder()]
    await reactor.listenUDP(53, server)
    const port = await reactor.listenUDP(0, new DatagramRecorder())
    port.write('goodbye', { host: '127.0.0.1', port: 53 })
    await port.stopListening()
    reactor.pump()
    expect(server.texts).toEqual(['goodbye'])
  })

  test('gives free ports of their own, none that is taken', async () => {
    const reactor = new MemoryReactor()
    await reactor.listenUDP(49_152, new DatagramRecorder())
    const ports = [await reactor.listenUDP(0, new DatagramRecorder())]
    ports.push(await reactor.listenUDP(0, new DatagramRecorder()))
    expect(ports.map((port) => port.getHost().port)).toEqual([49_153, 49_154])
  })

  test('tells families apart: an IPv6 port leaves IPv4 to another only with ipv6Only', async () => {
    const [reactor, four, six] = [new MemoryReactor(), new DatagramRecorder(), new DatagramRecorder()]
    await reactor.listenUDP(53, four)
    await expect(reactor.listenUDP(53, six, { interface: '::' })).rejects.toThrow(CannotListenError)
    await reactor.listenUDP(53, six, { interface: '::', ipv6Only: true })
    const client = await reactor.listenUDP(0, new DatagramRecorder(), { interface: '::' })
    client.write('4', { host: '127.0.0.1', port: 53 })
    client.write('6', { host: '::1', port: 53 })
    reactor.pump()
    expect([four.texts, six.texts]).toEqual([['4'], ['6']])
    expect([four.senders[0]?.host, six.senders[0]?.host]).toEqual(['127.0.0.1', '::1'])
  })

  test('sends a broadcast to every port of that number, once that is allowed', async () => {
    const reactor = new MemoryReactor()
    const heard = [new DatagramRecorder(), new DatagramRecorder()]
    for (const one of heard) await reactor.listenMulticast(99, one, { listenMultiple: true })
    const port = await reactor.listenUDP(0, new DatagramRecorder())
    port.write('refused', { host: '255.255.255.255', port: 99 })
    reactor.pump()
    port.setBroadcastAllowed(true)
    port.write('to all', { host: '10.1.2.255', port: 99 })
    reactor.pump()
    expect([heard.map((one) => one.texts), port.drops.failed]).toEqual([[['to all'], ['to all']], 1])
  })

  test('sends to the latest of several that share an address, as systems do', async () => {
    const reactor = new MemoryReactor()
    const [first, latest] = [new DatagramRecorder(), new DatagramRecorder()]
    await reactor.listenUDP(99, first, { reuseAddress: true })
    await expect(reactor.listenUDP(99, new DatagramRecorder())).rejects.toThrow('EADDRINUSE')
    await reactor.listenUDP(99, latest, { reuseAddress: true })
    const port = await reactor.listenUDP(0, new DatagramRecorder())
    port.write('hello', { host: '127.0.0.1', port: 99 })
    reactor.pump()
    expect([first.texts, latest.texts]).toEqual([[], ['hello']])
  })
})
