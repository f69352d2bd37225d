import { DatagramProtocol, type ListenUDPOptions, type UDPAddress } from '@ropewalk/core/udp'
import type { Reactor } from '@ropewalk/core'
import type { Journal } from '../journal.ts'
import type { Place, Script } from '../place.ts'

/** UDP. */
export const DATAGRAMS: readonly Script[] = [
  {
    name: 'datagrams in both directions',
    async play(place) {
      const { server, client } = await pair(place)
      server.reply = true
      client.note(`write returns ${client.transport.write('ping', server.transport.getHost())}`)
      await place.until(() => client.count === 1)
    },
  },
  {
    name: 'datagrams by IPv6',
    async play(place) {
      const server = await listen(place, 'server', place.server, { interface: place.address6 })
      const client = await listen(place, 'client', place.client, { interface: '::' })
      server.reply = true
      client.transport.write('ping', server.transport.getHost())
      await place.until(() => client.count === 1)
    },
  },
  {
    name: 'two connected ports',
    async play(place) {
      const { server, client } = await pair(place)
      const [one, other] = [server.transport.getHost(), client.transport.getHost()]
      server.transport.connect(other.host, other.port)
      client.transport.connect(one.host, one.port)
      client.transport.write('ping')
      await place.until(() => server.count === 1)
      server.transport.write('pong')
      await place.until(() => client.count === 1)
      await client.transport.stopListening()
      server.transport.write('is anything there?')
      await place.until(() => server.refused === 1)
    },
  },
  {
    name: 'an empty datagram, and one as long as possible',
    async play(place) {
      const { server, client } = await pair(place, { maxPacketBytes: 65_507 })
      client.transport.write('', server.transport.getHost())
      await place.until(() => server.count === 1)
      client.transport.write(Buffer.alloc(65_507, 'x'), server.transport.getHost())
      await place.until(() => server.count === 2)
      try {
        client.transport.write(Buffer.alloc(65_508), server.transport.getHost())
      } catch (error) {
        client.note(place.journal.reason(error))
      }
    },
  },
  {
    name: 'a datagram that is longer than the port accepts',
    async play(place) {
      const { server, client } = await pair(place, { maxPacketBytes: 100 })
      for (const size of [100, 101, 99]) {
        client.transport.write(Buffer.alloc(size), server.transport.getHost())
        await place.settle()
      }
      server.note(JSON.stringify(server.transport.drops))
    },
  },
  {
    name: 'nothing listens',
    async play(place) {
      const { server, client } = await pair(place)
      const to = server.transport.getHost()
      await server.transport.stopListening()
      client.note(`write returns ${client.transport.write('ping', to)}`)
      await place.settle()
      client.note(JSON.stringify(client.transport.drops))
      server.note(`write returns ${server.transport.write('late', client.transport.getHost())}`)
    },
  },
  {
    name: 'nothing listens at the peer of a connected port',
    async play(place) {
      const { server, client } = await pair(place)
      const { host, port } = server.transport.getHost()
      await server.transport.stopListening()
      client.transport.connect(host, port)
      client.transport.write('ping')
      await place.until(() => client.refused === 1)
    },
  },
  {
    name: 'a connected port drops what comes from others',
    async play(place) {
      const { server, client } = await pair(place)
      const stranger = await listen(place, 'stranger', place.server, { interface: place.address })
      const { host, port } = server.transport.getHost()
      client.transport.connect(host, port)
      stranger.transport.write('from a stranger', client.transport.getHost())
      await place.settle()
      server.transport.write('from the peer', client.transport.getHost())
      await place.until(() => client.count === 1)
      try {
        client.transport.connect(host, port)
      } catch (error) {
        client.note(place.journal.reason(error))
      }
      try {
        client.transport.write('to a stranger', stranger.transport.getHost())
      } catch (error) {
        client.note(place.journal.reason(error))
      }
    },
  },
  binding('two ports on one address', ['127.0.0.1', {}], ['127.0.0.1', {}]),
  binding(
    'two ports that share an address',
    ['127.0.0.1', { reuseAddress: true }],
    ['127.0.0.1', { reuseAddress: true }],
  ),
  binding(
    'one of two ports would share an address',
    ['127.0.0.1', { reuseAddress: true }],
    ['127.0.0.1', {}],
  ),
  binding('one port number on two addresses', ['127.0.0.1', {}], ['127.0.0.2', {}]),
  binding('all addresses, then one', ['0.0.0.0', {}], ['127.0.0.1', {}]),
  binding('all IPv6 addresses, then all of IPv4', ['::', { ipv6Only: true }], ['0.0.0.0', {}]),
  binding('all addresses, then all of IPv4', ['::', {}], ['0.0.0.0', {}]),
  binding('an address of another machine', ['192.0.2.1', {}]),
  sending('a port on all IPv4 addresses', '0.0.0.0', '127.0.0.1', '127.0.0.5'),
  sending('a port on all addresses', '::', '127.0.0.1', '127.0.0.1'),
  sending('a port on all addresses, by IPv6', '::', '::1', '::1'),
  sending('a port on one address, by another', '127.0.0.1', '127.0.0.1', '127.0.0.2'),
  sending('a sender on all addresses', '127.0.0.1', '0.0.0.0', '127.0.0.1'),
  {
    name: 'two ports that share an address, and a datagram',
    machines: 1,
    async play(place) {
      const shared = { interface: '127.0.0.1', reuseAddress: true }
      const one = await listen(place, 'one', place.server, shared)
      const { port } = one.transport.getHost()
      await listen(place, 'two', place.server, shared, port)
      const all = await listen(place, 'all', place.server, { ...shared, interface: '0.0.0.0' }, port)
      const client = await listen(place, 'client', place.client, { interface: '127.0.0.1' })
      client.transport.write('to one of them', { host: '127.0.0.1', port })
      await place.settle()
      client.transport.write('to all addresses', { host: '127.0.0.3', port })
      await place.until(() => all.count === 1)
      await place.settle()
    },
  },
  {
    name: 'a group, without a choice of the interface',
    machines: 1,
    async play(place) {
      const member = await multicast(place, 'member', 0)
      member.transport.joinGroup(GROUP, '127.0.0.1')
      const sender = await listen(place, 'sender', place.client, { interface: '127.0.0.1' })
      sender.transport.write('to all', { host: GROUP, port: member.transport.getHost().port })
      await place.until(() => member.count === 1)
      sender.transport.setLoopbackMode(false)
      sender.transport.write('to others', { host: GROUP, port: member.transport.getHost().port })
      await place.settle()
    },
  },
  {
    name: 'a group',
    machines: 1,
    async play(place) {
      const one = await multicast(place, 'one', 0)
      const { port } = one.transport.getHost()
      const [two, three] = [await multicast(place, 'two', port), await multicast(place, 'three', port)]
      for (const member of [one, two]) member.transport.joinGroup(GROUP, '127.0.0.1')
      const sender = await listen(place, 'sender', place.client, { interface: '127.0.0.1' })
      sender.transport.setOutgoingInterface('127.0.0.1')
      sender.transport.write('to all', { host: GROUP, port: one.transport.getHost().port })
      await place.until(() => one.count === 1 && two.count === 1)
      two.transport.leaveGroup(GROUP, '127.0.0.1')
      for (const call of ['leaveGroup', 'joinGroup', 'joinGroup'] as const)
        try {
          two.transport[call](GROUP, '127.0.0.1')
          two.note(call)
        } catch (error) {
          two.note(`${call} ${place.journal.reason(error)}`)
        }
      try {
        two.transport.joinGroup('127.0.0.1')
      } catch (error) {
        two.note(place.journal.reason(error))
      }
      await place.until(() => three.count === 1)
    },
  },
]

const GROUP = '239.255.77.77'

class DatagramWitness extends DatagramProtocol {
  reply = false
  count = 0
  refused = 0
  readonly #journal: Journal
  readonly #who: string

  constructor(journal: Journal, who: string) {
    super()
    this.#journal = journal
    this.#who = who
  }

  override startProtocol(): void {
    this.#journal.namePort(this.transport.getHost().port, `port of ${this.#who}`)
    this.note(`listens on ${this.#journal.address(this.transport.getHost())}`)
  }

  override datagramReceived(data: Buffer, from: UDPAddress): void {
    this.count++
    const what = data.length > 80 ? `${data.length} bytes` : JSON.stringify(data.toString())
    this.note(`datagram ${what} from ${this.#journal.address(from)}`)
    if (this.reply) this.transport.write('pong', from)
  }

  override connectionRefused(): void {
    this.refused++
    this.note('connectionRefused')
  }

  override stopProtocol(): void {
    this.note('stopProtocol')
  }

  note(line: string): void {
    this.#journal.note(this.#who, line)
  }
}

async function listen(
  place: Place,
  who: string,
  reactor: Reactor,
  options: ListenUDPOptions,
  port = 0,
): Promise<DatagramWitness> {
  const witness = new DatagramWitness(place.journal, who)
  place.keep(await reactor.listenUDP(port, witness, options))
  return witness
}

async function pair(
  place: Place,
  options: ListenUDPOptions = {},
): Promise<{ readonly server: DatagramWitness; readonly client: DatagramWitness }> {
  const server = await listen(place, 'server', place.server, { interface: place.address, ...options })
  const client = await listen(place, 'client', place.client, { interface: place.clientAddress })
  return { server, client }
}

async function multicast(place: Place, who: string, port: number): Promise<DatagramWitness> {
  const witness = new DatagramWitness(place.journal, who)
  place.keep(await place.server.listenMulticast(port, witness, { listenMultiple: true }))
  return witness
}

/** A script that binds each of `wanted`, all with the port number that the first one gets. */
function binding(
  name: string,
  ...wanted: readonly (readonly [host: string, options: ListenUDPOptions])[]
): Script {
  return {
    name: `binding: ${name}`,
    machines: 1,
    async play(place) {
      let number = 0
      for (const [at, [host, options]] of wanted.entries())
        try {
          const witness = await listen(
            place,
            `${at + 1}`,
            place.server,
            { ...options, interface: host },
            number,
          )
          number = witness.transport.getHost().port
        } catch (error) {
          place.journal.note('script', place.journal.reason(error))
        }
    },
  }
}

/** A script that sends a datagram, and then another one that surely arrives. */
function sending(name: string, at: string, from: string, to: string): Script {
  return {
    name: `sending: ${name}`,
    machines: 1,
    async play(place) {
      const server = await listen(place, 'server', place.server, { interface: at })
      const client = await listen(place, 'client', place.client, { interface: from })
      server.reply = true
      client.transport.write('ping', { host: to, port: server.transport.getHost().port })
      await place.settle()
    },
  }
}
