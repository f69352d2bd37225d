import type { TransportOptions } from '@ropewalk/core'
import type { Place, Script } from '../place.ts'
import { type Conduct, Witnesses } from '../witness.ts'

/** UNIX sockets. */
export const UNIX: readonly Script[] = [
  {
    name: 'a connection, and both addresses',
    machines: 1,
    async play(place) {
      const { served, asking } = await paired(place)
      asking.built[0]?.write('request')
      await place.until(() => served.built[0]?.bytes === 7)
      served.built[0]?.write('reply')
      served.built[0]?.transport.loseConnection()
      await place.until(() => asking.built[0]?.gone === true && served.built[0]?.gone === true)
    },
  },
  {
    name: 'a half-close',
    machines: 1,
    async play(place) {
      const { served, asking } = await paired(place)
      asking.built[0]?.write('request')
      asking.built[0]?.transport.loseWriteConnection()
      await place.until(() => asking.built[0]?.gone === true && served.built[0]?.gone === true)
    },
  },
  {
    name: 'a half-close, and a reply after it',
    machines: 1,
    async play(place) {
      const { served, asking } = await paired(place, {
        readLost: (server) => {
          server.write('reply')
          server.transport.loseConnection()
        },
      })
      asking.built[0]?.write('request')
      asking.built[0]?.transport.loseWriteConnection()
      await place.until(() => asking.built[0]?.gone === true && served.built[0]?.gone === true)
    },
  },
  {
    name: 'a write after the peer has closed',
    machines: 1,
    async play(place) {
      const { served, asking } = await paired(place, { readLost: () => undefined }, { lingerMs: 20 })
      asking.built[0]?.transport.loseConnection()
      await place.until(() => asking.built[0]?.gone === true)
      await place.settle()
      served.built[0]?.write('too late')
      await place.until(() => served.built[0]?.gone === true)
    },
  },
  {
    name: 'a paused reader',
    machines: 1,
    async play(place) {
      const { served, asking } = await paired(place, {}, { maxBufferedBytes: 1e9 })
      served.built[0]?.transport.pauseProducing()
      await place.settle()
      asking.built[0]?.write(Buffer.alloc(3_000_000, 'unix'))
      await place.settle()
      served.built[0]?.transport.resumeProducing()
      await place.until(() => served.built[0]?.bytes === 3_000_000)
      served.built[0]?.transport.loseConnection()
      await place.until(() => asking.built[0]?.gone === true && served.built[0]?.gone === true)
    },
  },
  {
    name: 'an abort, which has no reset',
    machines: 1,
    async play(place) {
      const { served, asking } = await paired(place)
      asking.built[0]?.transport.abortConnection()
      await place.until(() => asking.built[0]?.gone === true && served.built[0]?.gone === true)
    },
  },
  {
    name: 'an abort with unread bytes',
    machines: 1,
    async play(place) {
      const { served, asking } = await paired(place)
      asking.built[0]?.transport.pauseProducing()
      await place.settle()
      served.built[0]?.transport.write(Buffer.alloc(150_000))
      await place.settle()
      asking.built[0]?.transport.abortConnection()
      await place.until(() => asking.built[0]?.gone === true && served.built[0]?.gone === true)
    },
  },
  {
    name: 'three megabytes',
    machines: 1,
    async play(place) {
      const { served, asking } = await paired(place)
      asking.built[0]?.transport.write(Buffer.alloc(3_000_000, 'unix'))
      asking.built[0]?.transport.loseConnection()
      await place.until(() => asking.built[0]?.gone === true && served.built[0]?.gone === true)
    },
  },
  {
    name: 'no file at the path',
    machines: 1,
    async play(place) {
      const connector = place.client.connectUNIX(place.path(), new Witnesses(place.journal, 'client'))
      await place.journal.settled('client', 'connecting', connector.whenConnected())
    },
  },
  {
    name: 'a stale file at the path',
    machines: 1,
    async play(place) {
      const path = place.path()
      await place.leaveSocketFile(path)
      const connector = place.client.connectUNIX(path, new Witnesses(place.journal, 'client'))
      await place.journal.settled('client', 'connecting', connector.whenConnected())
      const listen = (removeStale: boolean): Promise<unknown> =>
        place.server.listenUNIX(path, new Witnesses(place.journal, 'server'), { removeStale })
      await place.journal.settled('server', 'listening', listen(false))
      await place.journal.settled('server', 'listening', listen(true))
      connector.connect()
      await place.journal.settled('connecting', 'connecting', connector.whenConnected())
      await place.settle()
    },
  },
  {
    name: 'a path on which a program listens',
    machines: 1,
    async play(place) {
      const { path } = await paired(place)
      const listening = place.server.listenUNIX(path, new Witnesses(place.journal, 'other'), {
        removeStale: true,
      })
      await place.journal.settled('other', 'listening', listening)
      // The wire of a socket connects to find out whether a program listens, and the program sees that.
      place.journal.drop('server', 'server 2')
    },
  },
  {
    name: 'a port that stops removes its file',
    machines: 1,
    async play(place) {
      const { path, port } = await paired(place)
      await port.stopListening()
      const connector = place.client.connectUNIX(path, new Witnesses(place.journal, 'late'))
      await place.journal.settled('late', 'connecting', connector.whenConnected())
      const listening = place.server.listenUNIX(path, new Witnesses(place.journal, 'again'))
      await place.journal.settled('again', 'listening', listening)
    },
  },
  {
    name: 'a port is suspended and resumed',
    machines: 1,
    async play(place) {
      const { path, port } = await paired(place)
      const attempt = async (who: string): Promise<void> => {
        const asking = new Witnesses(place.journal, who)
        const connector = place.client.connectUNIX(path, asking)
        await place.journal.settled(`connecting ${who}`, 'connecting', connector.whenConnected())
        await place.settle()
      }
      await port.suspend()
      await attempt('one')
      await port.resume()
      await attempt('two')
    },
  },
  {
    name: 'a path that is too long',
    machines: 1,
    async play(place) {
      const path = place.path().padEnd(200, 'x')
      const listening = place.server.listenUNIX(path, new Witnesses(place.journal, 'server'))
      await place.journal.settled('server', 'listening', listening)
      try {
        place.client.connectUNIX(path, new Witnesses(place.journal, 'client'))
      } catch (error) {
        place.journal.note('client', `throws ${place.journal.reason(error)}`)
      }
    },
  },
]

async function paired(place: Place, server: Conduct = {}, transport: Partial<TransportOptions> = {}) {
  const path = place.path()
  const served = new Witnesses(place.journal, 'server', server)
  const asking = new Witnesses(place.journal, 'client')
  const port = await place.server.listenUNIX(path, served)
  place.client.connectUNIX(path, asking, { transport })
  await place.until(() => served.built[0]?.made === true && asking.built[0]?.made === true)
  return { path, served, asking, port }
}
