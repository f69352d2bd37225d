import { LimitTotalConnections } from '@ropewalk/core/policies'
import type { Script } from '../place.ts'
import { type Witness, Witnesses } from '../witness.ts'

/** Attempts to connect, what ports accept, and how they stop. */
export const CONNECTING: readonly Script[] = [
  {
    name: 'an attempt is cancelled at once',
    async play(place) {
      const port = await place.listen(new Witnesses(place.journal, 'server'))
      const connector = place.connect(port, new Witnesses(place.journal, 'client'))
      const connected = place.journal.settled('connecting', 'connecting', connector.whenConnected())
      connector.stopConnecting()
      place.journal.note('connecting', connector.state)
      await connected
      await place.settle()
      // Whether the server accepts it before it is cancelled is a matter of time.
      place.journal.drop('server', 'factory of server')
    },
  },
  {
    name: 'a connector is disconnected while it connects',
    async play(place) {
      const port = await place.listen(new Witnesses(place.journal, 'server'))
      const connector = place.connect(port, new Witnesses(place.journal, 'client'))
      connector.disconnect()
      await place.settle()
      place.journal.note('connector', connector.state)
      place.journal.drop('server', 'factory of server')
    },
  },
  {
    name: 'a connector connects again after its connection is lost',
    async play(place) {
      let attempts = 0
      const served = new Witnesses(place.journal, 'server', {
        made: ({ transport }) => transport.loseConnection(),
      })
      const port = await place.listen(served)
      const asking = new Witnesses(place.journal, 'client', {
        connectionLost: (connector) => {
          if (++attempts < 3) connector.connect()
        },
      })
      const connector = place.connect(port, asking)
      await place.until(() => attempts === 3)
      await place.until(() => served.built.length === 3 && served.built.every(({ gone }) => gone))
      await place.settle()
      place.journal.note('connector', connector.state)
    },
  },
  {
    name: 'a connector connects again after it was refused',
    async play(place) {
      let attempts = 0
      const port = await place.listen(new Witnesses(place.journal, 'server'))
      await port.suspend()
      const asking = new Witnesses(place.journal, 'client', {
        attemptFailed: (connector) => {
          attempts++
          void port.resume().then(() => connector.connect())
        },
        made: ({ transport }) => transport.loseConnection(),
      })
      const connector = place.connect(port, asking)
      await place.until(() => asking.built.length === 1 && connector.state === 'disconnected')
      place.journal.note('connector', `${attempts} refused`)
      await place.settle()
    },
  },
  {
    name: 'the factory of the server refuses a connection',
    async play(place) {
      const refusing = new (class extends Witnesses {
        override buildProtocol(): Witness {
          return undefined as unknown as Witness
        }
      })(place.journal, 'server')
      const port = await place.listen(refusing)
      const asking = new Witnesses(place.journal, 'client')
      place.connect(port, asking)
      await place.until(() => asking.built[0]?.gone === true)
      await place.settle()
    },
  },
  {
    name: 'the factory of the client refuses a connection',
    async play(place) {
      const served = new Witnesses(place.journal, 'server')
      const port = await place.listen(served)
      const refusing = new (class extends Witnesses {
        override buildProtocol(): Witness {
          return undefined as unknown as Witness
        }
      })(place.journal, 'client')
      const connector = place.connect(port, refusing)
      await place.journal.settled('connecting', 'connecting', connector.whenConnected())
      await place.until(() => served.built[0]?.gone === true)
      await place.settle()
    },
  },
  {
    name: 'connections wait for admission',
    async play(place) {
      const served = new Witnesses(place.journal, 'server')
      const port = await place.listen(served, { policies: [new LimitTotalConnections(1)] })
      const asking = new Witnesses(place.journal, 'client')
      for (let count = 1; count <= 3; count++) {
        place.connect(port, asking)
        await place.until(() => asking.built[count - 1]?.made === true)
        asking.built[count - 1]?.transport.write(`from ${count}`)
        await place.settle()
      }
      for (let count = 0; count < 3; count++) {
        await place.until(() => served.built[count]?.bytes === 6)
        place.journal.note('script', `${served.built.length} admitted`)
        served.built[count]?.transport.loseConnection()
      }
      await place.until(() => [...served.built, ...asking.built].every(({ gone }) => gone))
      await place.settle()
    },
  },
  {
    name: 'a connection waits too long for admission',
    async play(place) {
      const served = new Witnesses(place.journal, 'server')
      const port = await place.listen(served, { maxConnections: 1, maxWaitMs: 30 })
      const asking = new Witnesses(place.journal, 'client')
      for (let count = 1; count <= 2; count++) {
        place.connect(port, asking)
        await place.until(() => asking.built[count - 1]?.made === true)
        await place.settle()
      }
      await place.until(() => asking.built[1]?.gone === true)
      place.journal.note('script', `${served.built.length} admitted, ${port.connections.size} up`)
      await place.settle()
    },
  },
  {
    name: 'a waiting connection has sent bytes when it is refused',
    async play(place) {
      const served = new Witnesses(place.journal, 'server')
      const port = await place.listen(served, { maxConnections: 1, maxWaitMs: 200 })
      const asking = new Witnesses(place.journal, 'client')
      for (let count = 1; count <= 2; count++) {
        place.connect(port, asking)
        await place.until(() => asking.built[count - 1]?.made === true)
      }
      asking.built[1]?.transport.write(Buffer.alloc(100_000))
      await place.until(() => asking.built[1]?.gone === true)
      await place.settle()
    },
  },
  {
    name: 'connections beyond the limit are refused with a reason',
    async play(place) {
      const served = new Witnesses(place.journal, 'server')
      const overflow = new Witnesses(place.journal, 'overflow', { made: (witness) => witness.write('busy') })
      const port = await place.listen(served, { maxConnections: 1, maxWaiting: 0, overflow })
      const asking = new Witnesses(place.journal, 'client')
      for (let count = 1; count <= 2; count++) {
        place.connect(port, asking)
        await place.until(() => asking.built[count - 1]?.made === true)
      }
      await place.until(() => asking.built[1]?.gone === true && overflow.built[0]?.gone === true)
      await place.settle()
    },
  },
  {
    name: 'a port stops while connections wait for admission',
    async play(place) {
      const served = new Witnesses(place.journal, 'server')
      const port = await place.listen(served, { maxConnections: 1 })
      const asking = new Witnesses(place.journal, 'client')
      for (let count = 1; count <= 2; count++) {
        place.connect(port, asking)
        await place.until(() => asking.built[count - 1]?.made === true)
        await place.settle()
      }
      await port.stopListening()
      await place.until(() => asking.built[1]?.gone === true)
      place.journal.note('script', `${port.connections.size} up`)
      asking.built[0]?.write('still up')
      await place.until(() => served.built[0]?.bytes === 8)
    },
  },
  {
    name: 'a port stops while connections are up',
    async play(place) {
      const pair = await place.pair()
      await pair.port.stopListening()
      await place.journal.settled('script', 'stopped again', pair.port.stopListening())
      const late = place.connect(pair.port, new Witnesses(place.journal, 'late'))
      await place.journal.settled('late', 'connecting', late.whenConnected())
      pair.client.write('still up')
      await place.until(() => pair.server.bytes === 8)
      pair.server.transport.loseConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'a port is suspended and resumed',
    async play(place) {
      const pair = await place.pair()
      await pair.port.suspend()
      const early = place.connect(pair.port, new Witnesses(place.journal, 'early'))
      await place.journal.settled('early', 'connecting', early.whenConnected())
      await pair.port.resume()
      await pair.port.resume()
      const later = place.connect(
        pair.port,
        new Witnesses(place.journal, 'later', { made: ({ transport }) => transport.loseConnection() }),
      )
      await place.journal.settled('connecting', 'connecting', later.whenConnected())
      await place.until(() => later.state === 'disconnected')
      pair.client.write('still up')
      await place.until(() => pair.server.bytes === 8)
    },
  },
  {
    name: 'the address of a suspended port is taken by another',
    async play(place) {
      const port = await place.listen(new Witnesses(place.journal, 'server'))
      await port.suspend()
      const other = await place.server.listenTCP(port.getHost().port, new Witnesses(place.journal, 'other'), {
        interface: place.address,
      })
      await place.journal.settled('script', 'resume', port.resume())
      await other.stopListening()
      await place.journal.settled('script', 'resume', port.resume())
    },
  },
  {
    name: 'a protocol replaces another, with unread bytes',
    async play(place) {
      const next = new Witnesses(place.journal, 'next', {
        data: ({ transport, bytes }) => {
          if (bytes >= 8) transport.loseConnection()
        },
      })
      const pair = await place.pair({
        server: {
          data: ({ transport }, data) => transport.switchProtocol(next.buildProtocol(), data),
        },
      })
      pair.client.write('upgraded')
      await place.until(() => pair.client.gone && next.built[0]?.gone === true)
      await place.settle()
      place.journal.drop('server')
    },
  },
  {
    name: 'a hundred connections at once',
    async play(place) {
      const served = new Witnesses(place.journal, 'server', {
        data: ({ transport }, data) => {
          transport.write(data)
          transport.loseConnection()
        },
      })
      const port = await place.listen(served)
      const asking = new Witnesses(place.journal, 'client', {
        made: ({ transport }) => void transport.write('x'),
      })
      for (let count = 0; count < 100; count++) place.connect(port, asking)
      await place.until(() => asking.built.length === 100 && asking.built.every(({ gone }) => gone))
      await place.until(() => served.built.length === 100 && served.built.every(({ gone }) => gone))
      const echoed = asking.built.filter(({ bytes }) => bytes === 1).length
      const peers = new Set(served.built.map(({ transport }) => JSON.stringify(transport.getPeer())))
      place.journal.note('script', `${echoed} echoed, ${peers.size} peers`)
    },
  },
]
