import type { Script } from '../place.ts'
import { recordingProducer } from '../witness.ts'

/** How connections end. */
export const CLOSES: readonly Script[] = [
  {
    name: 'the client closes',
    async play(place) {
      const pair = await place.pair()
      pair.client.transport.loseConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'the server closes',
    async play(place) {
      const pair = await place.pair()
      pair.server.transport.loseConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'both close at once',
    async play(place) {
      const pair = await place.pair()
      pair.client.transport.loseConnection()
      pair.server.transport.loseConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'the server closes as soon as it has accepted',
    async play(place) {
      const pair = await place.pair({ server: { made: ({ transport }) => transport.loseConnection() } })
      await place.bothGone(pair)
    },
  },
  {
    name: 'a write and a close at once',
    async play(place) {
      const pair = await place.pair()
      pair.server.write('the last bytes')
      pair.server.transport.loseConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'a large write and a close at once',
    async play(place) {
      const pair = await place.pair()
      pair.server.transport.write(Buffer.alloc(3_000_000, 'abcdefghijk'))
      pair.server.transport.loseConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'a half-close, and a reply after it',
    async play(place) {
      const pair = await place.pair({
        server: {
          readLost: (server) => {
            server.write('reply')
            server.transport.loseConnection()
          },
        },
        client: { readLost: () => undefined },
      })
      pair.client.write('request')
      pair.client.transport.loseWriteConnection()
      await place.until(() => pair.client.ended)
      pair.client.transport.loseConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'a half-close towards a protocol that does not expect one',
    async play(place) {
      const pair = await place.pair({ client: { readLost: () => undefined } })
      pair.client.write('request')
      pair.client.transport.loseWriteConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'both half-close, and nothing else',
    async play(place) {
      const pair = await place.pair({
        server: { readLost: () => undefined },
        client: { readLost: () => undefined },
      })
      pair.client.transport.loseWriteConnection()
      await place.until(() => pair.server.ended)
      pair.server.transport.loseWriteConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'three megabytes after the peer has half-closed',
    async play(place) {
      const pair = await place.pair({
        server: { readLost: ({ transport }) => void transport.write(Buffer.alloc(3_000_000, 'xyz')) },
        client: {
          data: (client) => {
            if (client.bytes === 3_000_000) client.transport.loseConnection()
          },
        },
        connect: { transport: { lingerMs: 20 } },
      })
      pair.client.transport.loseWriteConnection()
      await place.until(() => pair.client.gone)
      pair.server.transport.loseConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'a write after a half-close',
    async play(place) {
      const pair = await place.pair({ server: { readLost: () => undefined } })
      pair.client.transport.loseWriteConnection()
      pair.client.write('too late')
      await place.until(() => pair.server.ended)
      pair.client.write('later still')
      pair.server.transport.loseConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'a write after a close',
    async play(place) {
      const pair = await place.pair()
      pair.client.transport.loseConnection()
      pair.client.write('too late')
      await place.bothGone(pair)
      pair.client.write('gone')
      pair.server.write('gone')
    },
  },
  {
    name: 'the client aborts',
    async play(place) {
      const pair = await place.pair()
      pair.client.transport.abortConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'the server aborts',
    async play(place) {
      const pair = await place.pair()
      pair.server.transport.abortConnection(new Error('enough'))
      await place.bothGone(pair)
      pair.client.write('gone')
    },
  },
  {
    name: 'both abort at once',
    async play(place) {
      const pair = await place.pair()
      pair.server.transport.abortConnection()
      pair.client.transport.abortConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'an abort after the peer has read everything',
    async play(place) {
      const pair = await place.pair()
      pair.client.write('some bytes')
      await place.until(() => pair.server.bytes === 10)
      pair.client.transport.abortConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'an abort with unread bytes',
    async play(place) {
      const pair = await place.pair({ connect: { transport: { readAheadBytes: 1 } } })
      pair.client.transport.pauseProducing()
      pair.server.write('one')
      await place.settle()
      pair.server.transport.write(Buffer.alloc(100_000))
      await place.settle()
      pair.client.transport.abortConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'an abort while a close waits for the peer',
    isSlow: true,
    async play(place) {
      const pair = await place.pair({ server: { readLost: () => undefined } })
      pair.client.transport.loseConnection()
      await place.until(() => pair.server.ended)
      pair.client.transport.abortConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'an abort after a half-close',
    async play(place) {
      const pair = await place.pair({ server: { readLost: () => undefined } })
      pair.client.transport.loseWriteConnection()
      await place.until(() => pair.server.ended)
      pair.server.transport.abortConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'a close with unread bytes reads them to the end',
    async play(place) {
      const pair = await place.pair({ connect: { transport: { readAheadBytes: 1 } } })
      pair.client.transport.pauseProducing()
      pair.server.write(Buffer.alloc(100_000))
      await place.settle()
      pair.client.transport.loseConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'a lingering close ends before the peer does',
    isSlow: true,
    async play(place) {
      const pair = await place.pair({
        server: { readLost: () => undefined },
        connect: { transport: { lingerMs: 20 } },
      })
      pair.client.transport.loseConnection()
      await place.until(() => pair.client.gone)
      pair.server.write('too late')
      await place.bothGone(pair)
    },
  },
  {
    name: 'the peer closes while we send',
    async play(place) {
      const pair = await place.pair({ connect: { transport: { lingerMs: 30, minBytesPerSecond: 1e9 } } })
      pair.server.write(Buffer.alloc(30_000, 'output'))
      await place.until(() => pair.client.bytes === 30_000)
      pair.client.transport.loseConnection()
      pair.server.write(Buffer.alloc(30_000, 'output'))
      await place.bothGone(pair)
    },
  },
  {
    name: 'a producer is registered at the close',
    async play(place) {
      const pair = await place.pair()
      const { client } = pair
      client.transport.registerProducer(recordingProducer(client), true)
      client.transport.loseConnection()
      await place.settle()
      client.note(`disconnecting ${client.transport.disconnecting}`)
      client.write('the last bytes')
      client.transport.unregisterProducer()
      await place.bothGone(pair)
    },
  },
  {
    name: 'a producer is registered when the peer aborts',
    async play(place) {
      const pair = await place.pair()
      const { client } = pair
      client.transport.registerProducer(recordingProducer(client), true)
      pair.server.transport.abortConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'a paused producer when the peer aborts',
    async play(place) {
      const pair = await place.pair({ connect: { transport: { maxBufferedBytes: 1e9 } } })
      const { client, server } = pair
      server.transport.pauseProducing()
      client.transport.registerProducer(recordingProducer(client), true)
      client.write(Buffer.alloc(12_000_000, 'much output'))
      await place.settle()
      server.transport.abortConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'promises that wait when the peer aborts',
    async play(place) {
      const pair = await place.pair({ connect: { transport: { maxBufferedBytes: 1e9 } } })
      const { client, server } = pair
      server.transport.pauseProducing()
      client.transport.signal.addEventListener('abort', () =>
        client.note(`signal ${place.journal.reason(client.transport.signal.reason)}`),
      )
      client.write(Buffer.alloc(12_000_000, 'much output'))
      void place.journal.settled('drained', 'drained', client.transport.drained())
      void place.journal.settled('send', 'send', client.transport.send('more'))
      await place.settle()
      server.transport.abortConnection()
      await place.bothGone(pair)
    },
  },
  {
    name: 'close, close again and abort',
    async play(place) {
      const pair = await place.pair()
      const { client } = pair
      client.transport.loseConnection()
      client.transport.loseConnection()
      client.transport.loseWriteConnection()
      await place.bothGone(pair)
      client.transport.abortConnection()
      client.transport.loseConnection()
      client.note(`connected ${client.transport.connected}`)
    },
  },
]
