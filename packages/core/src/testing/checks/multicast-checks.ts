import type { DatagramTransport } from '../../interfaces/datagram.ts'
import { InvalidAddressError, MulticastJoinError } from '../../errors.ts'
import type { DatagramCheck, DatagramHarness } from '../datagram-harness.ts'
import { equal, throws } from './assertions.ts'
import { DatagramRecorder } from './datagram-recorder.ts'

/** What a UDP port promises about groups. Nothing here leaves the loopback interface. */
export const multicastChecks: readonly DatagramCheck[] = [
  {
    name: 'shares its port with others that listen to the group, and all of them hear it',
    run: async (harness) => {
      const [one, other] = [new DatagramRecorder(), new DatagramRecorder()]
      const { port } = (await member(harness, one)).getHost()
      await member(harness, other, port)
      const speaker = await speakerOf(harness)
      speaker.write('hello, all', { host: GROUP, port })
      await harness.until(() => one.texts.length === 1 && other.texts.length === 1)
      equal([...one.texts, ...other.texts], ['hello, all', 'hello, all'], 'what came')
      equal(one.datagrams[0] === other.datagrams[0], false, 'whether they share the bytes')
    },
  },
  {
    name: 'hears a group no more once it has left',
    run: async (harness) => {
      const listener = new DatagramRecorder()
      const port = await member(harness, listener)
      const to = { host: GROUP, port: port.getHost().port }
      const speaker = await speakerOf(harness)
      speaker.write('while joined', to)
      await harness.until(() => listener.texts.length === 1)
      port.leaveGroup(GROUP, LOOPBACK)
      speaker.write('after', to)
      speaker.write('to it alone', { host: LOOPBACK, port: to.port })
      await harness.until(() => listener.texts.includes('to it alone'))
      equal(listener.texts, ['while joined', 'to it alone'], 'what came')
    },
  },
  {
    name: 'cannot join what is no group or joined already, nor leave what is not joined',
    run: async (harness) => {
      const port = await member(harness, new DatagramRecorder())
      throws(() => port.joinGroup('10.1.2.3', LOOPBACK), MulticastJoinError, 'joining a host')
      throws(() => port.joinGroup(GROUP, LOOPBACK), MulticastJoinError, 'joining twice')
      throws(() => port.leaveGroup('239.3.2.1', LOOPBACK), MulticastJoinError, 'leaving what is not joined')
    },
  },
  {
    name: 'refuses names of groups and interfaces',
    run: async ({ listen }) => {
      const port = await listen(0, new DatagramRecorder())
      throws(() => port.joinGroup('all-systems'), InvalidAddressError, 'joining a name')
      throws(() => port.leaveGroup('all-systems'), InvalidAddressError, 'leaving a name')
      throws(() => port.joinGroup(GROUP, 'eth0'), InvalidAddressError, 'joining on a name')
      throws(() => port.setOutgoingInterface('eth0'), InvalidAddressError, 'speaking on a name')
    },
  },
  {
    name: 'takes the TTLs there are, and refuses others',
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
  // A port that is bound to one address is not sent what goes to a group.
  const transport = await listen(port, listener, { interface: '0.0.0.0', listenMultiple: true })
  transport.joinGroup(GROUP, LOOPBACK)
  return transport
}

async function speakerOf({ listen }: DatagramHarness): Promise<DatagramTransport> {
  const speaker = await listen(0, new DatagramRecorder())
  speaker.setOutgoingInterface(LOOPBACK)
  return speaker
}

const GROUP = '239.255.87.1'
const LOOPBACK = '127.0.0.1'
