import { Protocol } from '@ropewalk/core'
import { ClientTLS, ServerTLS, type TLSContext, TLSFactory } from '@ropewalk/core/tls'
import { pem } from '../../runs/certificates.ts'
import type { Place, Script } from '../place.ts'
import { type Conduct, type Witness, Witnesses } from '../witness.ts'

/** TLS. */
export const TLS: readonly Script[] = [
  {
    name: 'a connection under TLS from the first byte',
    async play(place) {
      const { served, asking } = await secured(place)
      const [server, client] = [first(served), first(asking)]
      client.note(`${client.transport.tlsSession?.version} ${client.transport.tlsSession?.serverName}`)
      client.transport.write(Buffer.alloc(1_000_000, 'secret'))
      await place.until(() => server.bytes === 1_000_000)
      client.transport.loseConnection()
      await place.until(() => client.gone && server.gone)
    },
  },
  {
    name: 'a half-close under TLS, and a reply after it',
    async play(place) {
      const { served, asking } = await secured(place, {
        readLost: ({ transport }) => {
          transport.write('reply')
          transport.loseConnection()
        },
      })
      first(asking).transport.write('request')
      first(asking).transport.loseWriteConnection()
      await place.until(() => first(asking).gone && first(served).gone)
    },
  },
  {
    name: 'the server closes under TLS as soon as it is connected',
    async play(place) {
      const { served, asking } = await secured(place, { made: ({ transport }) => transport.loseConnection() })
      await place.until(() => first(asking).gone && first(served).gone)
    },
  },
  {
    name: 'an abort under TLS',
    async play(place) {
      const { served, asking } = await secured(place)
      first(asking).transport.abortConnection()
      await place.until(() => first(asking).gone && first(served).gone)
      await place.settle()
    },
  },
  {
    name: 'a connection that is cut without close_notify',
    async play(place) {
      const relay = new Relay()
      const { served, asking } = await secured(place, {}, relay)
      first(asking).write('a request')
      await place.until(() => first(served).bytes === 9)
      relay.cut()
      await place.until(() => first(asking).gone && first(served).gone)
      await place.settle()
    },
  },
  {
    name: 'a handshake that is cut',
    async play(place) {
      const port = await place.listen(new Witnesses(place.journal, 'server', { made: lose, data: lose }))
      const connector = connectSecurely(
        place,
        port.getHost().port,
        new Witnesses(place.journal, 'client'),
        CLIENT,
      )
      await settledKind(place, connector.whenConnected())
      await place.settle()
      place.journal.drop('server', 'factory of client')
    },
  },
  {
    name: 'a certificate for another name',
    async play(place) {
      const port = await place.listen(new TLSFactory(new Witnesses(place.journal, 'server'), SERVER))
      const wrong = new ClientTLS({ serverName: 'other.test', trustRoots: [pem('localhost.cert')] })
      const connector = connectSecurely(
        place,
        port.getHost().port,
        new Witnesses(place.journal, 'client'),
        wrong,
      )
      await settledKind(place, connector.whenConnected())
      await place.settle()
    },
  },
  {
    name: 'a client without TLS',
    async play(place) {
      const port = await place.listen(new TLSFactory(new Witnesses(place.journal, 'server'), SERVER))
      const asking = new Witnesses(place.journal, 'client', {
        made: ({ transport }) => void transport.write('GET / HTTP/1.1\r\n\r\n'),
      })
      place.connect(port, asking)
      await place.until(() => asking.built[0]?.gone === true)
      // Whether the alert of the server comes before its reset is a matter of time.
      place.journal.drop('client', 'factory of client')
      await place.settle()
    },
  },
  {
    name: 'a handshake that takes too long',
    async play(place) {
      const port = await place.listen(new Witnesses(place.journal, 'server'))
      const slow = new ClientTLS({
        serverName: 'localhost',
        trustRoots: [pem('localhost.cert')],
        handshakeTimeoutMs: 40,
      })
      const connector = connectSecurely(
        place,
        port.getHost().port,
        new Witnesses(place.journal, 'client'),
        slow,
      )
      await settledKind(place, connector.whenConnected())
      await place.settle()
      place.journal.drop('server')
    },
  },
  {
    name: 'TLS starts in the middle of a connection',
    async play(place) {
      const start = (tls: TLSContext, begins: boolean): Conduct => ({
        made: ({ transport }) => {
          if (begins) transport.write('s')
        },
        data: (witness) => {
          if (witness.bytes !== 1) return
          if (!begins) witness.transport.write('s')
          witness.transport.startTLS(tls)
          witness.transport.write(`${witness.who} under TLS`)
        },
      })
      const pair = await place.pair({ server: start(SERVER, false), client: start(CLIENT, true) })
      await place.until(() => pair.server.bytes > 15 && pair.client.bytes > 15)
      pair.client.note(`${pair.client.transport.tlsSession?.version}`)
      pair.client.transport.loseConnection()
      await place.bothGone(pair)
    },
  },
]

const SERVER = new ServerTLS({ cert: pem('localhost.cert'), key: pem('localhost.key') })
const CLIENT = new ClientTLS({ serverName: 'localhost', trustRoots: [pem('localhost.cert')] })

async function secured(
  place: Place,
  server: Conduct = {},
  relay?: Relay,
): Promise<{ readonly served: Witnesses; readonly asking: Witnesses }> {
  const [served, asking] = [
    new Witnesses(place.journal, 'server', server),
    new Witnesses(place.journal, 'client'),
  ]
  const port = await place.listen(new TLSFactory(served, SERVER))
  const number = relay === undefined ? port.getHost().port : await relay.open(place, port.getHost().port)
  place.client.connectSSL(place.address, number, asking, CLIENT)
  await place.until(() => served.built[0]?.made === true && asking.built[0]?.made === true)
  return { served, asking }
}

function connectSecurely(place: Place, port: number, factory: Witnesses, tls: TLSContext) {
  return place.client.connectSSL(place.address, port, factory, tls)
}

/** Notes the class of the error, because the reason depends on the version of OpenSSL. */
async function settledKind(place: Place, connecting: Promise<unknown>): Promise<void> {
  const reason: unknown = await connecting.catch((error: unknown) => error)
  place.journal.note('connecting', reason instanceof Error ? reason.name : 'connected')
}

function first(witnesses: Witnesses): Witness {
  const [witness] = witnesses.built
  if (witness === undefined) throw new Error('No protocol was built')
  return witness
}

function lose({ transport }: Witness): void {
  transport.loseConnection()
}

/** Passes on the bytes of a connection between client and server, until it is cut. */
class Relay {
  readonly #sides: Side[] = []

  /** Listens at the server, and connects to `port`. Resolves with the number of its own port. */
  async open(place: Place, port: number): Promise<number> {
    const { server, client, address } = place
    const own = await server.listenTCP(
      0,
      {
        doStart: () => undefined,
        doStop: () => undefined,
        buildProtocol: () => this.#side(() => void client.connectTCP(address, port, this.#factory())),
      },
      { interface: address },
    )
    place.journal.namePort(own.getHost().port, 'port')
    return own.getHost().port
  }

  /** Closes both connections, each with a FIN. */
  cut(): void {
    for (const { transport } of this.#sides) transport.loseConnection()
  }

  #factory() {
    return {
      doStart: () => undefined,
      doStop: () => undefined,
      buildProtocol: () => this.#side(() => undefined),
    }
  }

  #side(made: () => void): Side {
    const side = new Side(made)
    this.#sides.push(side)
    const [one, other] = this.#sides
    if (one !== undefined && other !== undefined) {
      one.other = other
      other.other = one
    }
    return side
  }
}

class Side extends Protocol {
  other: Side | undefined
  readonly #made: () => void
  #early: Buffer[] = []

  constructor(made: () => void) {
    super()
    this.#made = made
  }

  override connectionMade(): void {
    this.#made()
    for (const data of this.other?.takeEarly() ?? []) this.transport.write(data)
  }

  override dataReceived(data: Buffer): void {
    if (this.other?.connected === true) this.other.transport.write(data)
    else this.#early.push(data)
  }

  takeEarly(): readonly Buffer[] {
    return this.#early.splice(0)
  }
}
