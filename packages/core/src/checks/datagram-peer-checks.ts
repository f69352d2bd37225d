import { formatAddress } from '../addresses.ts'
import type { DatagramTransport } from '../interfaces/datagram.ts'
import { InvalidAddressError, LocalProtocolError, MessageLengthError } from '../errors.ts'
import { ConnectedDatagramProtocol } from '../protocol/datagram-protocol.ts'
import { type DatagramCheck, DatagramEcho, DatagramRecorder } from './datagram-harness.ts'
import { equal, Gate, holds, throws } from './check.ts'

/** Checks of the peers of a UDP port. */
export const datagramPeerChecks: readonly DatagramCheck[] = [
  {
    name: 'carries each datagram whole, an empty one too, with the address of its sender',
    run: async ({ listen, until }) => {
      const [server, client] = [new DatagramRecorder(), new DatagramRecorder()]
      const to = (await listen(0, server)).getHost()
      const port = await listen(0, client)
      for (const text of ['one', '', 'größer']) equal(port.write(text, to), true, 'a write')
      await until(() => server.texts.length === 3)
      equal(server.texts, ['one', '', 'größer'], 'what was received')
      const sender = formatAddress(port.getHost())
      equal(server.senders.map(formatAddress), [sender, sender, sender], 'the senders')
    },
  },
  {
    name: 'replies to the address that a datagram came from',
    run: async ({ listen, until }) => {
      const [server, client] = [await listen(0, new DatagramEcho()), new DatagramRecorder()]
      const port = await listen(0, client)
      port.write(Buffer.from([0, 255, 10]), server.getHost())
      await until(() => client.datagrams.length === 1)
      equal(client.datagrams[0]?.toString('hex'), '00ff0a', 'the reply')
    },
  },
  {
    name: 'throws for a host name, and looks up nothing',
    run: async ({ listen }) => {
      const port = await listen(0, new DatagramRecorder())
      for (const host of ['localhost', 'example.com', '127.1', '1.2.3.4%eth0', ''])
        throws(() => port.write('x', { host, port: 9 }), InvalidAddressError, `a write to "${host}"`)
      throws(() => port.connect('localhost', 9), InvalidAddressError, 'connecting to a name')
    },
  },
  {
    name: 'throws for an address of a family that the port is not bound to',
    run: async ({ listen }) => {
      const port = await listen(0, new DatagramRecorder())
      throws(() => port.write('x', { host: '::1', port: 9 }), InvalidAddressError, 'a write to ::1')
      throws(() => port.connect('fe80::1%eth0', 9), InvalidAddressError, 'connecting to fe80::1%eth0')
    },
  },
  {
    name: 'throws for a datagram that is longer than UDP can carry',
    run: async ({ listen }) => {
      const port = await listen(0, new DatagramRecorder())
      const tooLong = Buffer.alloc(65_508)
      throws(() => port.write(tooLong, port.getHost()), MessageLengthError, 'a write of 65508 bytes')
      equal(port.write(tooLong.subarray(1), port.getHost()), true, 'a write of 65507 bytes')
    },
  },
  {
    name: 'throws for an invalid port number, and for data that is neither bytes nor text',
    run: async ({ listen }) => {
      const port = await listen(0, new DatagramRecorder())
      for (const wrong of [0, 65_536, 1.5, Number.NaN])
        throws(() => port.write('x', { host: '127.0.0.1', port: wrong }), RangeError, `a write to ${wrong}`)
      throws(() => port.write(7 as unknown as string, port.getHost()), TypeError, 'a write of 7')
    },
  },
  {
    name: 'needs a destination unless it is connected',
    run: async ({ listen }) => {
      const port = await listen(0, new DatagramRecorder())
      throws(() => port.write('x'), LocalProtocolError, 'a write without a destination')
    },
  },
  {
    name: 'sends only to its peer, and receives only from it, once connected',
    run: async ({ listen, until, quiet }) => {
      const [server, client, stranger] = [new DatagramEcho(), new DatagramRecorder(), new DatagramRecorder()]
      const [peer, port] = [(await listen(0, server)).getHost(), await listen(0, client)]
      const other = await listen(0, stranger)
      port.connect(peer.host, peer.port)
      other.write('from a stranger', port.getHost())
      await quiet()
      equal(port.write('without'), true, 'a write without a destination')
      equal(port.write('with', peer), true, 'a write to the peer')
      await until(() => client.datagrams.length === 2)
      equal(client.texts, ['without', 'with'], 'what was received')
      throws(() => port.write('x', other.getHost()), LocalProtocolError, 'a write to another address')
      throws(() => port.connect(peer.host, peer.port), LocalProtocolError, 'connecting again')
    },
  },
  {
    name: 'delivers what the peer of a connected protocol sends, and drops datagrams received before the port is connected',
    run: async ({ listen, until, quiet }) => {
      const [gate, server] = [new Gate(), new DatagramEcho()]
      const stranger = await listen(0, new DatagramRecorder())
      const peer = (await listen(0, server)).getHost()
      const connecting = new LateConnecting(peer.host, peer.port, gate.opened)
      const listening = listen(0, connecting)
      await until(() => connecting.port !== undefined)
      const to = connecting.port?.getHost() ?? peer
      for (const text of ['I am your peer', 'and I']) stranger.write(text, to)
      await until(() => connecting.port?.drops.stranger === 2)
      gate.open()
      const port = await listening
      stranger.write('still me', to)
      await quiet()
      port.write('hello')
      await until(() => connecting.texts.length === 1)
      equal(connecting.texts, ['hello'], 'what was received')
    },
  },
  {
    name: 'is notified of a refusal only when it is connected',
    run: async ({ listen, until, quiet }) => {
      const closed = await listen(0, new DatagramRecorder())
      const { host, port } = closed.getHost()
      const [connected, unconnected] = [new DatagramRecorder(), new DatagramRecorder()]
      const [one, other] = [await listen(0, connected), await listen(0, unconnected)]
      // Closed last, so that no other port gets its number.
      await closed.stopListening()
      one.connect(host, port)
      one.write('anything?')
      other.write('anything?', { host, port })
      await until(() => connected.refusals > 0)
      await quiet()
      equal([connected.refusals, unconnected.refusals], [1, 0], 'refusals')
      holds(one.listening && other.listening, 'both ports stay open')
      equal([one.drops.failed, other.drops.failed], [0, 0], 'failures')
    },
  },
]

/** A connected protocol that does not connect until a check allows it. */
class LateConnecting extends ConnectedDatagramProtocol {
  /** Its port, set before it is connected. */
  port: DatagramTransport | undefined
  readonly texts: string[] = []
  readonly #mayConnect: Promise<void>

  constructor(host: string, port: number, mayConnect: Promise<void>) {
    super(host, port)
    this.#mayConnect = mayConnect
  }

  override async makeConnection(transport: DatagramTransport): Promise<void> {
    this.port = transport
    await this.#mayConnect
    await super.makeConnection(transport)
  }

  override datagramReceived(data: Buffer): void {
    this.texts.push(data.toString())
  }
}
