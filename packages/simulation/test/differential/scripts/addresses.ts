import type { ConnectTCPOptions, ListeningPort, ListenTCPOptions, TCPAddress } from '@ropewalk/core'
import type { Place, Script } from '../place.ts'
import { Witnesses } from '../witness.ts'

/** Addresses: where ports listen, from where clients connect, names. All of them are on one machine. */
export const ADDRESSES: readonly Script[] = [
  listening('two ports on one address', ['127.0.0.1', {}], ['127.0.0.1', {}]),
  listening('one port number on two addresses', ['127.0.0.1', {}], ['127.0.0.2', {}]),
  listening('one port number on the IPv4 and the IPv6 loopback', ['127.0.0.1', {}], ['::1', {}]),
  listening('all addresses, then one', [undefined, {}], ['127.0.0.1', {}]),
  listening('one address, then all', ['127.0.0.1', {}], [undefined, {}]),
  listening('all IPv4 addresses, then one', ['0.0.0.0', {}], ['127.0.0.1', {}]),
  listening('all IPv4 addresses, then one of IPv6', ['0.0.0.0', {}], ['::1', {}]),
  listening('all IPv4 addresses, then all', ['0.0.0.0', {}], ['::', {}]),
  listening('all IPv6 addresses, then all of IPv4', ['::', { ipv6Only: true }], ['0.0.0.0', {}]),
  listening('all IPv6 addresses, then one of IPv4', ['::', { ipv6Only: true }], ['127.0.0.1', {}]),
  listening('all IPv6 addresses, then one of IPv6', ['::', { ipv6Only: true }], ['::1', {}]),
  listening('an address of another machine', ['192.0.2.1', {}]),
  connecting('all addresses, by IPv4', { listen: undefined, connect: '127.0.0.1' }),
  connecting('all addresses, by IPv6', { listen: undefined, connect: '::1' }),
  connecting('all IPv4 addresses, by 127.0.0.9', { listen: '0.0.0.0', connect: '127.0.0.9' }),
  connecting('all IPv4 addresses, by IPv6', { listen: '0.0.0.0', connect: '::1' }),
  connecting('IPv6 only, by IPv4', { listen: '::', ipv6Only: true, connect: '127.0.0.1' }),
  connecting('IPv6 only, by IPv6', { listen: '::', ipv6Only: true, connect: '::1' }),
  connecting('one address, by another', { listen: '127.0.0.1', connect: '127.0.0.2' }),
  connecting('the wildcard address as a destination', { listen: '127.0.0.1', connect: '0.0.0.0' }),
  connecting('localhost, where the port is on IPv4', { listen: '127.0.0.1', connect: 'localhost' }),
  connecting('an own address to connect from', {
    listen: '127.0.0.1',
    connect: '127.0.0.1',
    bindAddress: '127.0.0.7',
  }),
  connecting("another machine's address to connect from", {
    listen: '127.0.0.1',
    connect: '127.0.0.1',
    bindAddress: '192.0.2.1',
  }),
  connecting('an own address of IPv6 to connect from', {
    listen: undefined,
    connect: '::1',
    bindAddress: '::1',
  }),
  connecting('an own address of the other family to connect from', {
    listen: undefined,
    connect: '127.0.0.1',
    bindAddress: '::1',
  }),
  connecting('the wildcard address to connect from', {
    listen: '127.0.0.1',
    connect: '127.0.0.4',
    bindAddress: '0.0.0.0',
  }),
  connecting('the wildcard address to connect from, where the port is', {
    listen: '127.0.0.1',
    connect: '127.0.0.1',
    bindAddress: '0.0.0.0',
  }),
  connecting('an address that is IPv4 within IPv6', { listen: '127.0.0.1', connect: '::ffff:127.0.0.1' }),
  connecting('the IPv6 wildcard address as a destination', { listen: '::', connect: '::' }),
  connecting('a name to listen on', { listen: 'localhost', connect: 'localhost' }),
  {
    name: 'a connection by IPv6',
    async play(place) {
      const served = new Witnesses(place.journal, 'server', {
        data: ({ transport }) => transport.loseConnection(),
      })
      const port = await place.listen(served, { interface: place.address6 })
      const asking = new Witnesses(place.journal, 'client', {
        made: ({ transport }) => void transport.write('x'),
      })
      place.client.connectTCP(place.address6, port.getHost().port, asking)
      await place.until(() => served.built[0]?.gone === true && asking.built[0]?.gone === true)
      note(place, `listens on ${place.journal.address(port.getHost())}`)
    },
  },
  {
    name: 'port 0 as a destination',
    async play(place) {
      const connector = place.client.connectTCP(place.address, 0, new Witnesses(place.journal, 'client'))
      await place.journal.settled('client', 'connecting', connector.whenConnected())
    },
  },
  {
    name: 'a port number is used again while a connection of it is up, and after it',
    async play(place) {
      const pair = await place.pair()
      const { port } = pair.port.getHost()
      for (const who of ['second', 'third']) {
        await pair.port.stopListening()
        const factory = new Witnesses(place.journal, who)
        const again = await place.server.listenTCP(port, factory, { interface: place.address })
        const connector = place.connect(again, new Witnesses(place.journal, `client of ${who}`))
        await place.journal.settled('connecting', who, connector.whenConnected())
        await place.until(() => factory.built.length === 1)
        await again.stopListening()
        pair.server.transport.loseConnection()
        await place.bothGone(pair)
      }
    },
  },
  {
    name: 'ports with number 0 get different numbers',
    machines: 1,
    async play(place) {
      const ports = [
        await place.listen(new Witnesses(place.journal, 'one'), {}, 'one'),
        await place.listen(new Witnesses(place.journal, 'other'), {}, 'other'),
        await place.listen(new Witnesses(place.journal, 'third'), { interface: '::' }, 'third'),
      ]
      for (const port of ports) note(place, `listens on ${place.journal.address(port.getHost())}`)
      const numbers = new Set(ports.map((port) => port.getHost().port))
      note(place, `${numbers.size} numbers, 0 among them: ${numbers.has(0)}`)
    },
  },
  {
    name: 'nothing listens on a port',
    async play(place) {
      const factory = new Witnesses(place.journal, 'client')
      const port = await place.listen(new Witnesses(place.journal, 'server'))
      await port.stopListening()
      const connector = place.connect(port, factory)
      await place.journal.settled('client', 'connecting', connector.whenConnected())
      await place.journal.settled('client', 'connecting again', connector.whenConnected())
      note(place, connector.state)
    },
  },
  {
    name: 'nothing listens at any address of localhost',
    machines: 1,
    async play(place) {
      const port = await place.listen(new Witnesses(place.journal, 'server'))
      await port.stopListening()
      const connector = place.client.connectTCP(
        'localhost',
        port.getHost().port,
        new Witnesses(place.journal, 'client'),
      )
      const reason: unknown = await connector.whenConnected().catch((error: unknown) => error)
      // The system's hosts file may know one address or two.
      const refused = reason instanceof AggregateError || String(reason).includes('ECONNREFUSED')
      note(place, `refused ${refused}, to localhost ${connector.getDestination().type === 'TCP'}`)
      place.journal.drop('factory of client')
    },
  },
]

interface Attempt extends Pick<ConnectTCPOptions, 'bindAddress'> {
  readonly listen: string | undefined
  readonly ipv6Only?: boolean
  readonly connect: string
}

/** A script that listens at each of `wanted`, all with the port number that the first one gets. */
function listening(
  name: string,
  ...wanted: readonly (readonly [host: string | undefined, options: ListenTCPOptions])[]
): Script {
  return {
    name: `listening: ${name}`,
    machines: 1,
    async play(place) {
      let number = 0
      for (const [host, options] of wanted) {
        const interface_ = host === undefined ? {} : { interface: host }
        try {
          const factory = new Witnesses(place.journal, `port of ${host}`)
          const port = await place.server.listenTCP(number, factory, { ...options, ...interface_ })
          number = port.getHost().port
          place.journal.namePort(number, 'port')
          note(place, `listens on ${place.journal.address(port.getHost())}`)
        } catch (error) {
          note(place, place.journal.reason(error))
        }
      }
    },
  }
}

/** A script that connects to a port. */
function connecting(name: string, { listen, ipv6Only = false, connect, bindAddress }: Attempt): Script {
  return {
    name: `connecting: ${name}`,
    machines: 1,
    async play(place) {
      const served = new Witnesses(place.journal, 'server', {
        made: ({ transport }) => transport.loseConnection(),
      })
      const interface_ = listen === undefined ? {} : { interface: listen }
      const port: ListeningPort<TCPAddress> = await place.server.listenTCP(0, served, {
        ipv6Only,
        ...interface_,
      })
      place.journal.namePort(port.getHost().port, 'port')
      const options = bindAddress === undefined ? {} : { bindAddress }
      const asking = new Witnesses(place.journal, 'client')
      const connector = place.client.connectTCP(connect, port.getHost().port, asking, options)
      await place.journal.settled('connecting', 'connecting', connector.whenConnected())
      await place.until(() => connector.state === 'disconnected')
      await place.until(() => served.built.every(({ gone }) => gone))
    },
  }
}

function note(place: Place, line: string): void {
  place.journal.note('script', line)
}
