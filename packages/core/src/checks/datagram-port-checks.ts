import {
  CannotListenError,
  InvalidAddressError,
  LocalProtocolError,
  MulticastJoinError,
  NotConnectedError,
} from '../errors.ts'
import type { DatagramTransport } from '../interfaces/datagram.ts'
import type { LogEvent } from '../interfaces/log.ts'
import { equal, Gate, holds, isExactly, rejecting, throwing, throws } from './check.ts'
import { type DatagramCheck, type DatagramHarness, DatagramRecorder } from './datagram-harness.ts'

/** Checks of the start and end of a UDP port. */
export const datagramPortChecks: readonly DatagramCheck[] = [
  {
    name: 'starts its protocol once, with its transport, after the port is bound',
    run: async ({ listen }) => {
      const ports: number[] = []
      class Starting extends DatagramRecorder {
        override startProtocol(): void {
          ports.push(this.transport.getHost().port)
        }
      }
      const protocol = new Starting()
      const port = await listen(0, protocol)
      equal(ports, [port.getHost().port], 'the ports it started on')
      holds(port.getHost().port > 0 && port.listening, 'it listens on a real port')
      holds(
        protocol.transport === port && port.protocol === protocol,
        'the port and its protocol refer to each other',
      )
    },
  },
  {
    name: 'is ready when the promise of its protocol’s start has settled, and receives datagrams before that',
    run: async ({ listen, until }) => {
      const gate = new Gate()
      const slow = Object.assign(new DatagramRecorder(), { startProtocol: () => gate.opened })
      let ready = false
      const listening = listen(0, slow).then(() => (ready = true))
      await until(() => started(slow))
      const other = await listen(0, new DatagramRecorder())
      other.write('early', slow.transport.getHost())
      await until(() => slow.texts.length === 1)
      equal(ready, false, 'readiness')
      gate.open()
      await listening
    },
  },
  {
    name: 'stops its protocol once, and frees its address',
    run: async ({ listen }) => {
      const protocol = new DatagramRecorder()
      const port = await listen(0, protocol)
      const closing = [port.stopListening(), port.stopListening(), port[Symbol.asyncDispose]()]
      equal(port.listening, false, 'whether it listens')
      await Promise.all(closing)
      equal(protocol.stops, 1, 'how often it was stopped')
      const again = await listen(port.getHost().port, protocol)
      equal([protocol.starts, again.getHost().port], [2, port.getHost().port], 'starts, and the port')
    },
  },
  {
    name: 'drops and counts datagrams written after it is closed, and throws for every change',
    run: async ({ listen, logged }) => {
      const port = await listen(0, new DatagramRecorder())
      await port.stopListening()
      equal([port.write('x', port.getHost()), port.write('y', port.getHost())], [false, false], 'the writes')
      equal(port.drops.late, 2, 'drops')
      for (const change of CHANGES) throws(() => change(port), NotConnectedError, String(change))
      equal(logged.length, 0, 'events logged')
    },
  },
  {
    name: 'delivers nothing more after stopListening',
    run: async ({ listen, until, quiet }) => {
      class Brief extends DatagramRecorder {
        override datagramReceived(data: Buffer): void {
          this.datagrams.push(data)
          void this.transport.stopListening()
        }
      }
      const [brief, client] = [new Brief(), await listen(0, new DatagramRecorder())]
      const { host, port } = (await listen(0, brief)).getHost()
      for (const text of ['first', 'second', 'third']) client.write(text, { host, port })
      await until(() => brief.stops === 1)
      await quiet()
      equal(brief.texts, ['first'], 'what was received')
    },
  },
  {
    name: 'rejects when another port has its address',
    run: async ({ listen }) => {
      const port = await listen(0, new DatagramRecorder())
      const error = await rejection(listen(port.getHost().port, new DatagramRecorder()))
      isExactly(error, CannotListenError, 'the error')
      equal((error as CannotListenError).code, 'EADDRINUSE', 'its code')
    },
  },
  {
    name: 'rejects a protocol that serves another port, and leaves that port open',
    run: async ({ listen, until }) => {
      const [busy, client] = [new DatagramRecorder(), await listen(0, new DatagramRecorder())]
      const port = await listen(0, busy)
      isExactly(await rejection(listen(0, busy)), LocalProtocolError, 'the error')
      client.write('still here', port.getHost())
      await until(() => busy.texts.length === 1)
      equal([busy.starts, busy.stops], [1, 0], 'starts and stops')
    },
  },
]

function started(protocol: DatagramRecorder): boolean {
  try {
    return protocol.transport.listening
  } catch {
    return false
  }
}

function rejection(listening: Promise<DatagramTransport>): Promise<unknown> {
  return listening.then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** Checks that a failure of a UDP port's protocol, or of the system, is logged, and that the port stays open. */
export const datagramFaultChecks: readonly DatagramCheck[] = [
  ...inBothWays('stays open after', 'datagramReceived', staysOpen),
  ...inBothWays('stays open after', 'connectionRefused', survivesRefusal),
  ...inBothWays('is closed despite', 'stopProtocol', closes),
  ...inBothWays('is not opened after', 'startProtocol', isNotOpened),
  {
    name: 'stays open when the operating system refuses to send, and counts the failure',
    run: async (harness) => {
      const client = await harness.listen(0, new DatagramRecorder())
      // Without setBroadcastAllowed no operating system sends this.
      equal(client.write('x', { host: '255.255.255.255', port: 9 }), true, 'the write')
      await harness.until(() => client.drops.failed === 1)
      await sendsStill(harness, client)
    },
  },
]

type Fail = (error: Error) => () => unknown
type Trial = (harness: DatagramHarness, fail: Fail) => Promise<void>

function inBothWays(outcome: string, callback: string, trial: Trial): readonly DatagramCheck[] {
  return [
    { name: `${outcome} a throw in ${callback}`, run: (harness) => trial(harness, throwing) },
    { name: `${outcome} a rejection in ${callback}`, run: (harness) => trial(harness, rejecting) },
  ]
}

async function staysOpen(harness: DatagramHarness, fail: Fail): Promise<void> {
  const error = new Error('in datagramReceived')
  const server = failing('datagramReceived', fail(error))
  const port = await harness.listen(0, server)
  const client = await harness.listen(0, new DatagramRecorder())
  client.write('one', port.getHost())
  client.write('two', port.getHost())
  await harness.until(() => timesLogged(harness, error) === 2)
  const label = harness.logged[0]?.label ?? ''
  equal(label, `DatagramRecorder 127.0.0.1:${port.getHost().port}`, 'the label')
  Reflect.deleteProperty(server, 'datagramReceived')
  client.write('three', port.getHost())
  await harness.until(() => server.texts.length === 1)
}

async function survivesRefusal(harness: DatagramHarness, fail: Fail): Promise<void> {
  const closed = await harness.listen(0, new DatagramRecorder())
  const error = new Error('in connectionRefused')
  const port = await harness.listen(0, failing('connectionRefused', fail(error)))
  await closed.stopListening()
  port.connect('127.0.0.1', closed.getHost().port)
  port.write('anything?')
  await harness.until(() => timesLogged(harness, error) === 1)
  equal(port.listening, true, 'whether it listens')
}

async function closes(harness: DatagramHarness, fail: Fail): Promise<void> {
  const error = new Error('in stopProtocol')
  const port = await harness.listen(0, failing('stopProtocol', fail(error)))
  await port.stopListening()
  await harness.until(() => timesLogged(harness, error) === 1)
  await harness.listen(port.getHost().port, new DatagramRecorder())
}

async function isNotOpened(harness: DatagramHarness, fail: Fail): Promise<void> {
  const error = new Error('in startProtocol')
  const server = failing('startProtocol', fail(error))
  equal(await rejection(harness.listen(0, server)), error, 'the rejection')
  equal(
    [server.transport.listening, server.stops, timesLogged(harness, error)],
    [false, 0, 0],
    'listening, stops and times logged',
  )
  await harness.listen(server.transport.getHost().port, new DatagramRecorder())
}

async function sendsStill({ listen, until }: DatagramHarness, port: DatagramTransport): Promise<void> {
  const server = new DatagramRecorder()
  const other = await listen(0, server)
  port.write('still here', other.getHost())
  await until(() => server.texts.includes('still here'))
}

function failing(callback: string, fail: () => unknown): DatagramRecorder {
  return Object.assign(new DatagramRecorder(), { [callback]: fail })
}

function timesLogged({ logged }: DatagramHarness, error: Error): number {
  return logged.filter((event) => event.error === error && event.level === 'error').length
}

/** Checks of what a UDP port drops, counts and logs once. */
export const datagramLimitChecks: readonly DatagramCheck[] = [
  {
    name: 'drops a datagram longer than maxPacketBytes instead of truncating it',
    run: async ({ listen, until, logged }) => {
      const server = new DatagramRecorder()
      const port = await listen(0, server, { maxPacketBytes: 10 })
      const client = await listen(0, new DatagramRecorder())
      for (const bytes of [11, 5000, 10]) client.write(Buffer.alloc(bytes, 'x'), port.getHost())
      await until(() => server.datagrams.length === 1)
      equal(server.texts, ['xxxxxxxxxx'], 'what was received')
      const { unsent, late, failed, tooLong, unread } = port.drops
      equal([unsent, late, failed, tooLong, unread], [0, 0, 0, 2, 0], 'drops')
      equal(warnings(logged), ['Dropped a datagram that is longer than maxPacketBytes'], 'warnings')
    },
  },
  {
    name: 'drops a datagram written beyond maxBufferedBytes, and logs it',
    run: async ({ listen, until, logged }) => {
      const server = new DatagramRecorder()
      const { host, port } = (await listen(0, server)).getHost()
      const client = await listen(0, new DatagramRecorder(), { maxBufferedBytes: 10 })
      equal(client.write('eleven bytes', { host, port }), false, 'a write beyond the limit')
      equal(client.write('ten bytes.', { host, port }), true, 'a write within the limit')
      await until(() => server.datagrams.length === 1)
      equal(server.texts, ['ten bytes.'], 'what was received')
      equal([client.drops.unsent, warnings(logged).length], [1, 1], 'drops and warnings')
    },
  },
  {
    name: 'delivers while promises are pending, up to maxPending of them',
    run: async ({ listen, until, quiet, logged }) => {
      const [gate, server] = [new Gate(), new DatagramRecorder()]
      class Busy extends DatagramRecorder {
        override datagramReceived(data: Buffer): Promise<void> {
          this.datagrams.push(data)
          return gate.opened
        }
      }
      const busy = new Busy()
      const port = await listen(0, busy, { maxPending: 2 })
      const client = await listen(0, server)
      for (const text of ['one', 'two', 'three', 'four']) client.write(text, port.getHost())
      await until(() => port.drops.unread === 2)
      equal([busy.texts.join(), warnings(logged).length], ['one,two', 1], 'what was received, and warnings')
      gate.open()
      await quiet()
      client.write('five', port.getHost())
      await until(() => busy.texts.length === 3)
      equal(busy.texts, ['one', 'two', 'five'], 'what was received')
    },
  },
]

function warnings(logged: readonly LogEvent[]): string[] {
  return logged.filter(({ level }) => level === 'warn').map(({ text }) => text)
}

/** Checks of multicast groups. No datagram leaves the loopback interface. */
export const multicastChecks: readonly DatagramCheck[] = [
  {
    name: 'shares its port number with other members of the group, and all of them receive its datagrams',
    run: async (harness) => {
      const [one, other] = [new DatagramRecorder(), new DatagramRecorder()]
      const { port } = (await member(harness, one)).getHost()
      await member(harness, other, port)
      const sender = await groupSender(harness)
      sender.write('hello, all', { host: GROUP, port })
      await harness.until(() => one.texts.length === 1 && other.texts.length === 1)
      equal([...one.texts, ...other.texts], ['hello, all', 'hello, all'], 'what was received')
      equal(one.datagrams[0] === other.datagrams[0], false, 'whether they share the bytes')
    },
  },
  {
    name: 'receives nothing more from a group once it has left',
    run: async (harness) => {
      const listener = new DatagramRecorder()
      const port = await member(harness, listener)
      const to = { host: GROUP, port: port.getHost().port }
      const sender = await groupSender(harness)
      sender.write('while joined', to)
      await harness.until(() => listener.texts.length === 1)
      port.leaveGroup(GROUP, LOOPBACK)
      sender.write('after', to)
      sender.write('to it alone', { host: LOOPBACK, port: to.port })
      await harness.until(() => listener.texts.includes('to it alone'))
      equal(listener.texts, ['while joined', 'to it alone'], 'what was received')
    },
  },
  {
    name: 'throws when it joins an address that is not a group, or a group twice, or leaves a group that it has not joined',
    run: async (harness) => {
      const port = await member(harness, new DatagramRecorder())
      throws(() => port.joinGroup('10.1.2.3', LOOPBACK), MulticastJoinError, 'joining the address of a host')
      throws(() => port.joinGroup(GROUP, LOOPBACK), MulticastJoinError, 'joining twice')
      throws(
        () => port.leaveGroup('239.3.2.1', LOOPBACK),
        MulticastJoinError,
        'leaving a group that is not joined',
      )
    },
  },
  {
    name: 'throws for names of groups and interfaces',
    run: async ({ listen }) => {
      const port = await listen(0, new DatagramRecorder())
      throws(() => port.joinGroup('all-systems'), InvalidAddressError, 'joining a name')
      throws(() => port.leaveGroup('all-systems'), InvalidAddressError, 'leaving a name')
      throws(() => port.joinGroup(GROUP, 'eth0'), InvalidAddressError, 'joining on a name')
      throws(() => port.setOutgoingInterface('eth0'), InvalidAddressError, 'sending on an interface name')
    },
  },
  {
    name: 'accepts every valid TTL, and throws for others',
    run: async ({ listen }) => {
      const port = await listen(0, new DatagramRecorder())
      for (const hops of [1, 255]) port.setTTL(hops)
      for (const hops of [0, 255]) port.setMulticastTTL(hops)
      for (const hops of [0, 256, 1.5]) throws(() => port.setTTL(hops), RangeError, `a TTL of ${hops}`)
      for (const hops of [-1, 256])
        throws(() => port.setMulticastTTL(hops), RangeError, `a multicast TTL of ${hops}`)
    },
  },
]

async function member(
  { listen }: DatagramHarness,
  listener: DatagramRecorder,
  port: number = 0,
): Promise<DatagramTransport> {
  // A port that is bound to one address does not receive the datagrams of a group.
  const transport = await listen(port, listener, { interface: '0.0.0.0', listenMultiple: true })
  transport.joinGroup(GROUP, LOOPBACK)
  return transport
}

async function groupSender({ listen }: DatagramHarness): Promise<DatagramTransport> {
  const sender = await listen(0, new DatagramRecorder())
  sender.setOutgoingInterface(LOOPBACK)
  return sender
}

const CHANGES: readonly ((port: DatagramTransport) => void)[] = [
  (port) => port.connect('127.0.0.1', 9),
  (port) => port.joinGroup('239.1.2.3'),
  (port) => port.leaveGroup('239.1.2.3'),
  (port) => port.setTTL(1),
  (port) => port.setMulticastTTL(1),
  (port) => port.setLoopbackMode(true),
  (port) => port.setOutgoingInterface('127.0.0.1'),
  (port) => port.setBroadcastAllowed(true),
]
const GROUP = '239.255.87.1'
const LOOPBACK = '127.0.0.1'
