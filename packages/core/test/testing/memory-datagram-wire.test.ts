import { describe, expect, test } from 'vitest'
import { codeOf } from '../../src/errors.ts'
import { DatagramRecorder } from '../../src/testing/checks/datagram-recorder.ts'
import { isMulticast, systemError } from '../../src/testing/memory-datagram-wire.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'

describe('MemoryDatagramWire', () => {
  test('keeps what goes to a group from this host when told so', async () => {
    const [reactor, listener] = [new MemoryReactor(), new DatagramRecorder()]
    const port = await reactor.listenMulticast(5353, listener)
    port.joinGroup('224.0.0.251')
    port.write('heard', { host: '224.0.0.251', port: 5353 })
    reactor.pump()
    port.setLoopbackMode(false)
    port.write('not heard', { host: '224.0.0.251', port: 5353 })
    reactor.pump()
    expect(listener.texts).toEqual(['heard'])
  })

  test('joins a group on each interface by itself', async () => {
    const [reactor, listener] = [new MemoryReactor(), new DatagramRecorder()]
    const port = await reactor.listenMulticast(5353, listener)
    port.joinGroup('224.0.0.251', '10.0.0.1')
    port.joinGroup('224.0.0.251', '10.0.0.2')
    port.leaveGroup('224.0.0.251', '10.0.0.1')
    port.write('heard once', { host: '224.0.0.251', port: 5353 })
    reactor.pump()
    expect(listener.texts).toEqual(['heard once'])
  })

  test('seems to come from its own address when it is bound to one', async () => {
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

  test('counts what waits for the end of the turn as not sent', async () => {
    const reactor = new MemoryReactor()
    const port = await reactor.listenUDP(0, new DatagramRecorder(), { maxBufferedBytes: 5 })
    const to = { host: '127.0.0.1', port: 9 }
    expect([port.write('four', to), port.write('two', to)]).toEqual([true, false])
    reactor.pump()
    expect(port.write('two', to)).toBe(true)
  })
})

describe('isMulticast', () => {
  test('knows groups of both families', () => {
    const hosts = ['223.1.1.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', 'ff02::1', 'FF02::1', 'fe80::1']
    expect(hosts.map(isMulticast)).toEqual([false, true, true, false, true, true, false])
  })
})

describe('systemError', () => {
  test('carries its code', () => {
    expect(codeOf(systemError('EINVAL'))).toBe('EINVAL')
  })
})
