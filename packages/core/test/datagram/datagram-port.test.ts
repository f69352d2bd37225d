import { describe, expect, test } from 'vitest'
import { InvalidAddressError } from '../../src/endpoints.ts'
import { CannotListenError } from '../../src/index.ts'
import type { DatagramBinding } from '../../src/reactor.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { DatagramProtocol, MessageLengthError, udpAddress } from '../../src/udp.ts'
import { DatagramRecorder } from '../../src/checks/datagram-harness.ts'
import {
  assertNumeric,
  assertWithin,
  bindDatagramWire,
  type DatagramPortSetup,
  DropCounter,
  LISTEN_MULTICAST_RULES,
  LISTEN_UDP_RULES,
  numericAddress,
} from '../../src/datagram/datagram-port.ts'
import { RecordingDatagramWire } from './recording-datagram-wire.ts'

const PEER = { host: '192.0.2.1', port: 9 }

describe('DatagramPort', () => {
  test('passes its arguments to the wire after checking them', async () => {
    const wire = new RecordingDatagramWire()
    const port = await wire.open(new MemoryReactor(), new DatagramRecorder())
    port.setTTL(1)
    port.setMulticastTTL(0)
    port.setLoopbackMode(false)
    port.setOutgoingInterface('192.0.2.7')
    port.setBroadcastAllowed(true)
    port.joinGroup('239.0.0.1', '192.0.2.7')
    port.leaveGroup('239.0.0.1')
    port.connect(PEER.host, PEER.port)
    port.write('größer')
    await port.stopListening()
    expect(wire.calls).toEqual([
      ['setTTL', 1],
      ['setMulticastTTL', 0],
      ['setLoopbackMode', false],
      ['setOutgoingInterface', '192.0.2.7'],
      ['setBroadcastAllowed', true],
      ['joinGroup', '239.0.0.1', '192.0.2.7'],
      ['leaveGroup', '239.0.0.1', undefined],
      ['connect', '192.0.2.1', 9],
      ['send', 8, '192.0.2.1', 9],
      ['close'],
    ])
  })

  test('counts the bytes that its wire has not sent against maxBufferedBytes, by default 1 MiB', async () => {
    const wire = new RecordingDatagramWire()
    const port = await wire.open(new MemoryReactor(), new DatagramRecorder())
    wire.bufferedBytes = 1_048_576 - 10
    expect([port.write(Buffer.alloc(11), PEER), port.write(Buffer.alloc(10), PEER)]).toEqual([false, true])
    expect([port.drops.unsent, wire.calls.length]).toEqual([1, 1])
  })

  test('allows longer datagrams to IPv6 than to IPv4, on the same port', async () => {
    const wire = new RecordingDatagramWire('::')
    const port = await wire.open(new MemoryReactor(), new DatagramRecorder(), { interface: '::' })
    expect(port.write(Buffer.alloc(65_527), { host: '::1', port: 9 })).toBe(true)
    expect(() => port.write(Buffer.alloc(65_528), { host: '::1', port: 9 })).toThrow(
      new MessageLengthError(65_528, 65_527),
    )
    expect(() => port.write(Buffer.alloc(65_508), PEER)).toThrow(MessageLengthError)
  })

  test('refuses IPv4 on a port that is IPv6 only', async () => {
    const wire = new RecordingDatagramWire('::')
    const options = { interface: '::', ipv6Only: true }
    const port = await wire.open(new MemoryReactor(), new DatagramRecorder(), options)
    expect(() => port.write('x', PEER)).toThrow(InvalidAddressError)
    expect(() => port.connect('192.0.2.1', 9)).toThrow('the port is bound to [::]:53')
  })

  test('calls connectionRefused only for ECONNREFUSED on a connected port', async () => {
    const [reactor, wire, protocol] = [
      new MemoryReactor(),
      new RecordingDatagramWire(),
      new DatagramRecorder(),
    ]
    const port = await wire.open(reactor, protocol)
    const refused = Object.assign(new Error('recvmsg ECONNREFUSED'), { code: 'ECONNREFUSED' })
    wire.events.failed(refused)
    expect([protocol.refusals, port.drops.failed]).toEqual([0, 1])
    port.connect(PEER.host, PEER.port)
    wire.events.failed(refused)
    wire.events.failed(Object.assign(new Error('send EPERM'), { code: 'EPERM' }))
    expect([protocol.refusals, port.drops.failed]).toEqual([1, 2])
    expect(reactor.logged.map(({ level, error }) => [level, error])).toEqual([['warn', refused]])
  })

  test('drops datagrams from other addresses once it is connected, also those queued by the system before', async () => {
    const [reactor, wire, protocol] = [
      new MemoryReactor(),
      new RecordingDatagramWire(),
      new DatagramRecorder(),
    ]
    const port = await wire.open(reactor, protocol)
    wire.events.received(Buffer.from('from anyone'), udpAddress('192.0.2.66', 9))
    port.connect(PEER.host, PEER.port)
    wire.events.received(Buffer.from('another host'), udpAddress('192.0.2.66', PEER.port))
    wire.events.received(Buffer.from('another port'), udpAddress(PEER.host, 10))
    wire.events.received(Buffer.from('the peer'), udpAddress(PEER.host, PEER.port))
    expect([protocol.texts, port.drops.stranger]).toEqual([['from anyone', 'the peer'], 2])
    expect(reactor.logged.map(({ level, text }) => [level, text])).toEqual([
      ['warn', 'Dropped a datagram that is not from the peer of a connected port'],
    ])
  })

  test.each([
    ['0.0.0.0', '127.0.0.1'],
    ['::FFFF:7f00:1', '127.0.0.1'],
    ['0:0::1', '::1'],
  ])('recognises a peer at %s by the source address of its datagrams', async (host, source) => {
    const [wire, protocol] = [new RecordingDatagramWire('::'), new DatagramRecorder()]
    const port = await wire.open(new MemoryReactor(), protocol, { interface: '::' })
    wire.source = udpAddress(source, 9)
    port.connect(host, 9)
    wire.events.received(Buffer.from('the peer'), udpAddress(source, 9))
    expect([protocol.texts, port.write('x'), port.write('x', { host, port: 9 })]).toEqual([
      ['the peer'],
      true,
      true,
    ])
  })

  test('delivers nothing to a protocol of one peer before it is connected', async () => {
    const wire = new RecordingDatagramWire()
    const protocol = Object.assign(new DatagramRecorder(), { peerOnly: true })
    const port = await wire.open(new MemoryReactor(), protocol)
    const peer = udpAddress(PEER.host, PEER.port)
    wire.events.received(Buffer.from('early'), peer)
    port.connect(PEER.host, PEER.port)
    wire.events.received(Buffer.from('in time'), peer)
    expect([protocol.texts, port.drops.stranger]).toEqual([['in time'], 1])
  })

  test('ignores the events of its wire after it is closed', async () => {
    const [reactor, wire, protocol] = [
      new MemoryReactor(),
      new RecordingDatagramWire(),
      new DatagramRecorder(),
    ]
    const port = await wire.open(reactor, protocol)
    port.connect(PEER.host, PEER.port)
    const stopped = port.stopListening()
    wire.events.received(Buffer.from('late'), udpAddress(PEER.host, PEER.port))
    wire.events.failed(Object.assign(new Error('late'), { code: 'ECONNREFUSED' }))
    await stopped
    expect([protocol.texts, protocol.refusals, protocol.stops, reactor.logged]).toEqual([[], 0, 1, []])
  })

  test('delivers datagrams of up to 8 192 bytes by default', async () => {
    const [wire, protocol] = [new RecordingDatagramWire(), new DatagramRecorder()]
    const port = await wire.open(new MemoryReactor(), protocol)
    for (const bytes of [8_193, 8_192]) wire.events.received(Buffer.alloc(bytes), udpAddress('192.0.2.1', 9))
    expect([protocol.datagrams.map(({ length }) => length), port.drops.tooLong]).toEqual([[8_192], 1])
  })

  test('is closed by a stop of its reactor, and calls stopProtocol once', async () => {
    const [reactor, protocol] = [new MemoryReactor(), new DatagramRecorder()]
    const run = reactor.run()
    const port = await reactor.listenUDP(53, protocol)
    await reactor.stop()
    await run
    await port.stopListening()
    expect([port.listening, protocol.stops]).toEqual([false, 1])
  })

  test('can be closed while its protocol starts, which does not start it again', async () => {
    const [reactor, wire] = [new MemoryReactor(), new RecordingDatagramWire()]
    const run = reactor.run()
    let start: () => void = () => undefined
    const starting = new Promise<void>((resolve) => (start = resolve))
    const protocol = Object.assign(new DatagramRecorder(), { startProtocol: () => starting })
    const opening = wire.open(reactor, protocol)
    await reactor.settle()
    await reactor.stop()
    start()
    expect([(await opening).listening, protocol.stops, wire.calls]).toEqual([false, 1, [['close']]])
    await run
  })

  test('does not call stopProtocol when it is closed before the protocol fails to start', async () => {
    const [reactor, wire] = [new MemoryReactor(), new RecordingDatagramWire()]
    let fail: (error: Error) => void = () => undefined
    const starting = new Promise<void>((_resolve, reject) => (fail = reject))
    const protocol = Object.assign(new DatagramRecorder(), { startProtocol: () => starting })
    const opening = wire.open(reactor, protocol)
    await reactor.settle()
    await protocol.transport.stopListening()
    fail(new Error('no such peer'))
    await expect(opening).rejects.toThrow('no such peer')
    expect([protocol.stops, wire.calls, reactor.logged]).toEqual([0, [['close']], []])
  })

  test('can be closed by its protocol’s start', async () => {
    const [reactor, wire] = [new MemoryReactor(), new RecordingDatagramWire()]
    class Brief extends DatagramRecorder {
      override startProtocol(): Promise<void> {
        return this.transport.stopListening()
      }
    }
    const protocol = new Brief()
    expect((await wire.open(reactor, protocol)).listening).toBe(false)
    await reactor.settle()
    expect([protocol.stops, wire.calls]).toEqual([1, [['close']]])
  })
})

function setup(changes: Partial<DatagramPortSetup>): DatagramPortSetup {
  const { registry } = new MemoryReactor()
  const bind = (): Promise<RecordingDatagramWire> => Promise.resolve(new RecordingDatagramWire())
  return { registry, port: 0, protocol: new DatagramRecorder(), options: {}, bind, ...changes }
}

describe('bindDatagramWire', () => {
  test('binds every IPv4 address, exclusively, by default', async () => {
    const asked: DatagramBinding[] = []
    const bind = async (binding: DatagramBinding): Promise<RecordingDatagramWire> => {
      asked.push(binding)
      return new RecordingDatagramWire()
    }
    await bindDatagramWire(setup({ port: 53, bind }))
    await bindDatagramWire(setup({ bind, options: { interface: '::', reuseAddress: true, ipv6Only: true } }))
    expect(asked).toEqual([
      {
        address: { type: 'UDP', family: 4, host: '0.0.0.0', port: 53 },
        reuseAddress: false,
        ipv6Only: false,
      },
      { address: { type: 'UDP', family: 6, host: '::', port: 0 }, reuseAddress: true, ipv6Only: true },
    ])
  })

  test('rejects an invalid address before it binds', async () => {
    const bind = (): Promise<never> => Promise.reject(new Error('The address was bound'))
    const named = bindDatagramWire(setup({ bind, options: { interface: 'localhost' } }))
    await expect(named).rejects.toThrow(InvalidAddressError)
    await expect(bindDatagramWire(setup({ bind, port: 65_536 }))).rejects.toThrow(RangeError)
  })

  test('rejects with the address and the cause when the address cannot be bound', async () => {
    const cause = Object.assign(new Error('bind EACCES'), { code: 'EACCES' })
    const bound = bindDatagramWire(setup({ port: 53, bind: () => Promise.reject(cause) }))
    await expect(bound).rejects.toThrow(CannotListenError)
    await expect(bound).rejects.toMatchObject({ code: 'EACCES', cause, address: { port: 53 } })
  })

  test('leaves no wire bound when the reactor is stopping', async () => {
    const reactor = new MemoryReactor()
    const run = reactor.run()
    const wire = new RecordingDatagramWire()
    let bound: () => void = () => undefined
    const bind = (): Promise<RecordingDatagramWire> => new Promise((resolve) => (bound = () => resolve(wire)))
    const binding = bindDatagramWire(setup({ registry: reactor.registry, bind }))
    const stopped = reactor.stop()
    await reactor.settle()
    bound()
    await expect(binding).rejects.toThrow('the reactor is stopping')
    await Promise.all([stopped, run])
    expect(wire.calls).toEqual([['close']])
  })
})

describe('numericAddress', () => {
  test('accepts IPv4 and IPv6, and converts an IPv4-mapped address', () => {
    const hosts = [
      '192.0.2.1',
      '2001:db8::1',
      '::ffff:192.0.2.1',
      'fe80::1%eth0',
      '::FFFF:c000:201',
      '2001:DB8:0:0:0:0:0:1',
    ]
    expect(hosts.map((host) => numericAddress(host, 53, 1))).toEqual([
      { type: 'UDP', family: 4, host: '192.0.2.1', port: 53 },
      { type: 'UDP', family: 6, host: '2001:db8::1', port: 53 },
      { type: 'UDP', family: 4, host: '192.0.2.1', port: 53 },
      { type: 'UDP', family: 6, host: 'fe80::1%eth0', port: 53 },
      { type: 'UDP', family: 4, host: '192.0.2.1', port: 53 },
      { type: 'UDP', family: 6, host: '2001:db8::1', port: 53 },
    ])
  })

  test('accepts port 0 only where it means any free port', () => {
    expect(numericAddress('::', 0, 0).port).toBe(0)
    expect(() => numericAddress('::', 0, 1)).toThrow(
      new RangeError('Cannot use 0 as a UDP port: give a whole number from 1 to 65535'),
    )
  })
})

describe('assertNumeric', () => {
  test.each(['', 'localhost', '127.1', '0x7f.0.0.1', '1.2.3.4%eth0', 'fe80::1%', ':::', '[::1]', ' ::1'])(
    'refuses %j, and names reactor.lookup',
    (host) => {
      expect(() => assertNumeric(host)).toThrow(InvalidAddressError)
      expect(() => assertNumeric(host)).toThrow('reactor.lookup')
    },
  )
})

describe('assertWithin', () => {
  test('accepts both bounds, but no number beyond them and no fraction', () => {
    expect(() => [1, 3].forEach((value) => assertWithin(value, 1, 3, 'a TTL'))).not.toThrow()
    for (const value of [0, 4, 1.5, Number.NaN, Infinity])
      expect(() => assertWithin(value, 1, 3, 'a TTL')).toThrow(RangeError)
  })
})

describe('DropCounter', () => {
  test('counts every drop, and logs the first of each kind', () => {
    const warnings: unknown[] = []
    const record = new DropCounter(({ text, error }) => warnings.push([text, error]))
    const error = new Error('EPERM')
    record.add('tooLong')
    record.add('tooLong')
    record.add('failed', error)
    record.add('failed', new Error('another'))
    expect(record.counts).toEqual({ unsent: 0, late: 0, failed: 2, tooLong: 2, unread: 0, stranger: 0 })
    expect(warnings).toEqual([
      [expect.stringContaining('longer than maxPacketBytes'), undefined],
      [expect.stringContaining('could not send'), error],
    ])
  })

  test('logs nothing for datagrams written after the end', () => {
    const warnings: unknown[] = []
    const record = new DropCounter((event) => warnings.push(event))
    record.add('late')
    expect([record.counts.late, warnings]).toEqual([1, []])
  })

  test('returns counts that do not change later', () => {
    const record = new DropCounter(() => undefined)
    const before = record.counts
    record.add('unread')
    expect([before.unread, record.counts.unread]).toEqual([0, 1])
  })
})

class Silent extends DatagramProtocol {
  override datagramReceived() {}
}

describe('listenUDP and listenMulticast', () => {
  const NUMBERS = ['maxPacketBytes', 'maxBufferedBytes', 'maxPending']

  test.each(NUMBERS.flatMap((name) => [NaN, -1, '5000', 1.5, null].map((value) => [name, value] as const)))(
    'refuse %s %o',
    async (name, value) => {
      const reactor = new MemoryReactor()
      const options = { [name]: value }
      await expect(reactor.listenUDP(53, new Silent(), options as never)).rejects.toThrow(
        `Cannot take ${name} `,
      )
      await expect(reactor.listenMulticast(53, new Silent(), options as never)).rejects.toThrow(name)
    },
  )

  test('refuse a name that node:dgram uses', async () => {
    const listening = new MemoryReactor().listenUDP(53, new Silent(), { address: '127.0.0.1' } as never)
    await expect(listening).rejects.toThrow('"address" for listenUDP: did you mean interface?')
  })

  test('use the default for undefined: a datagram at the limit is delivered, one beyond it is dropped', async () => {
    const reactor = new MemoryReactor()
    const lengths: number[] = []
    class Measuring extends DatagramProtocol {
      override datagramReceived(data: Buffer) {
        lengths.push(data.length)
      }
    }
    const options = { maxPacketBytes: undefined, maxPending: undefined, maxBufferedBytes: undefined }
    const port = await reactor.listenUDP(53, new Measuring(), options)
    const other = await reactor.listenUDP(54, new Silent())
    for (const bytes of [8_192, 8_193]) other.write(Buffer.alloc(bytes), { host: '127.0.0.1', port: 53 })
    reactor.pump()
    expect(lengths).toEqual([8_192])
    expect(port.drops.tooLong).toBe(1)
  })
})

test('each have their own option for a shared port', () => {
  expect(Object.keys(LISTEN_UDP_RULES)).toContain('reuseAddress')
  expect(Object.keys(LISTEN_MULTICAST_RULES)).not.toContain('reuseAddress')
})
