import { describe, expect, test } from 'vitest'
import { DatagramRecorder } from '../../src/checks/datagram-harness.ts'
import { codeOf } from '../../src/errors.ts'
import { CannotListenError } from '../../src/index.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { isMulticast, systemError } from '../../src/testing/memory-datagram-network.ts'

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

  test('gives each port 0 a free number', async () => {
    const reactor = new MemoryReactor()
    await reactor.listenUDP(49_152, new DatagramRecorder())
    const ports = [await reactor.listenUDP(0, new DatagramRecorder())]
    ports.push(await reactor.listenUDP(0, new DatagramRecorder()))
    expect(ports.map((port) => port.getHost().port)).toEqual([49_153, 49_154])
  })

  test('distinguishes families: an IPv6 port leaves IPv4 to another port only with ipv6Only', async () => {
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

  test('sends a broadcast to every port with that number, once broadcasts are allowed', async () => {
    const reactor = new MemoryReactor()
    const members = [new DatagramRecorder(), new DatagramRecorder()]
    for (const one of members) await reactor.listenMulticast(99, one, { listenMultiple: true })
    const port = await reactor.listenUDP(0, new DatagramRecorder())
    port.write('refused', { host: '255.255.255.255', port: 99 })
    reactor.pump()
    port.setBroadcastAllowed(true)
    port.write('to all', { host: '10.1.2.255', port: 99 })
    reactor.pump()
    expect([members.map((one) => one.texts), port.drops.failed]).toEqual([[['to all'], ['to all']], 1])
  })

  test('sends to the latest of several ports that share an address, as operating systems do', async () => {
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

describe('MemoryDatagramWire', () => {
  test('sends no datagrams of a group to this host without loopback mode', async () => {
    const [reactor, listener] = [new MemoryReactor(), new DatagramRecorder()]
    const port = await reactor.listenMulticast(5353, listener)
    port.joinGroup('224.0.0.251')
    port.write('received', { host: '224.0.0.251', port: 5353 })
    reactor.pump()
    port.setLoopbackMode(false)
    port.write('not received', { host: '224.0.0.251', port: 5353 })
    reactor.pump()
    expect(listener.texts).toEqual(['received'])
  })

  test('joins a group on each interface separately', async () => {
    const [reactor, listener] = [new MemoryReactor(), new DatagramRecorder()]
    const port = await reactor.listenMulticast(5353, listener)
    port.joinGroup('224.0.0.251', '10.0.0.1')
    port.joinGroup('224.0.0.251', '10.0.0.2')
    port.leaveGroup('224.0.0.251', '10.0.0.1')
    port.write('received once', { host: '224.0.0.251', port: 5353 })
    reactor.pump()
    expect(listener.texts).toEqual(['received once'])
  })

  test('uses its own address as the source when it is bound to one', async () => {
    const [reactor, server] = [new MemoryReactor(), new DatagramRecorder()]
    await reactor.listenUDP(53, server)
    const port = await reactor.listenUDP(1000, new DatagramRecorder(), { interface: '10.0.0.9' })
    port.setTTL(5)
    port.setMulticastTTL(5)
    port.setOutgoingInterface('10.0.0.9')
    port.write('x', { host: '10.0.0.1', port: 53 })
    reactor.pump()
    expect(server.senders).toEqual([port.getHost()])
  })

  test('counts datagrams that wait for the end of the turn as not sent', async () => {
    const reactor = new MemoryReactor()
    const port = await reactor.listenUDP(0, new DatagramRecorder(), { maxBufferedBytes: 5 })
    const to = { host: '127.0.0.1', port: 9 }
    expect([port.write('four', to), port.write('two', to)]).toEqual([true, false])
    reactor.pump()
    expect(port.write('two', to)).toBe(true)
  })
})

describe('isMulticast', () => {
  test('recognises groups of both families', () => {
    const hosts = ['223.1.1.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', 'ff02::1', 'FF02::1', 'fe80::1']
    expect(hosts.map(isMulticast)).toEqual([false, true, true, false, true, true, false])
  })
})

describe('systemError', () => {
  test('carries its code', () => {
    expect(codeOf(systemError('EINVAL'))).toBe('EINVAL')
  })
})
