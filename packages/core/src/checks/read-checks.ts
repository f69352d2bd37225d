import { ConnectionDone, ConnectionLost } from '../errors.ts'
import { DEFAULT_TRANSPORT_OPTIONS } from '../transport/transport-options.ts'
import { HalfCloseRecorder, Recorder, type TransportCheck } from './transport-harness.ts'
import { equal, Gate, holds, isExactly } from './check.ts'

/** Checks of reading. */
export const readChecks: readonly TransportCheck[] = [
  {
    name: 'never delivers an empty piece',
    async run({ connect, until }) {
      const server = new Recorder()
      const pair = await connect(server, new Recorder())
      pair.client.write('')
      pair.client.write(new Uint8Array())
      pair.client.write('x')
      await until(() => server.bytes === 1)
      equal(server.pieces.length, 1, 'pieces')
    },
  },
  {
    name: 'delivers nothing while paused, then the held bytes before new ones',
    async run({ connect, until, quiet }) {
      const server = new Recorder()
      const pair = await connect(server, new Recorder())
      pair.server.pauseProducing()
      pair.client.write('held ')
      await quiet()
      equal(server.text, '', 'delivered while paused')
      pair.server.resumeProducing()
      equal(server.text, '', 'delivered within resumeProducing')
      pair.client.write('new')
      await until(() => server.bytes === 8)
      equal(server.text, 'held new', 'delivered once resumed')
    },
  },
  {
    name: 'holds the rest when dataReceived pauses',
    async run({ connect, until, quiet }) {
      const server = new (class extends Recorder {
        override dataReceived(data: Buffer): void {
          this.pieces.push(data)
          this.transport.pauseProducing()
        }
      })()
      const pair = await connect(server, new Recorder())
      pair.client.write('a')
      await until(() => server.bytes === 1)
      pair.client.write('b')
      await quiet()
      equal(server.text, 'a', 'delivered while paused')
      pair.server.resumeProducing()
      await until(() => server.bytes === 2)
    },
  },
  {
    name: 'delivers nothing more while a promise of dataReceived is pending',
    async run({ connect, until, quiet }) {
      const gate = new Gate()
      const server = new (class extends Recorder {
        override dataReceived(data: Buffer): Promise<void> {
          this.pieces.push(data)
          return gate.opened
        }
      })()
      const pair = await connect(server, new Recorder())
      pair.client.write('a')
      await until(() => server.bytes === 1)
      pair.client.write('b')
      pair.client.loseConnection()
      await quiet()
      equal(server.text, 'a', 'delivered while the promise is pending')
      equal(server.lost, false, 'lost while the promise is pending')
      gate.open()
      await until(() => server.lost)
      equal(server.text, 'ab', 'delivered once it settled')
    },
  },
  {
    name: 'delivers nothing while a promise of connectionMade is pending',
    async run({ connect, until, quiet }) {
      const gate = new Gate()
      const server = new (class extends Recorder {
        override connectionMade(): Promise<void> {
          return gate.opened
        }
      })()
      const pair = await connect(server, new Recorder())
      pair.client.write('a')
      await quiet()
      equal(server.text, '', 'delivered while the promise is pending')
      gate.open()
      await until(() => server.text === 'a')
    },
  },
  {
    name: 'notifies the end of input after the held bytes, and not while the reader has paused',
    async run({ connect, until, quiet }) {
      const server = new HalfCloseRecorder()
      const pair = await connect(server, new Recorder())
      pair.server.pauseProducing()
      pair.client.write('last bytes')
      pair.client.loseWriteConnection()
      await quiet()
      equal(server.events, ['made'], 'callbacks while paused')
      pair.server.resumeProducing()
      await until(() => server.events.includes('read lost'))
      equal(server.events, ['made', 'data last bytes', 'read lost'], 'callbacks once resumed')
      pair.server.loseConnection()
      await until(() => server.lost)
    },
  },
  {
    name: 'notifies the end of input at once when no bytes are before it, though the reader has paused',
    async run({ connect, until }) {
      const server = new HalfCloseRecorder()
      const pair = await connect(server, new Recorder())
      pair.server.pauseProducing()
      pair.client.loseWriteConnection()
      await until(() => server.events.includes('read lost'))
      equal(server.events, ['made', 'read lost'], 'callbacks while paused')
      pair.server.write('still here')
      pair.server.loseConnection()
      await until(() => server.lost)
    },
  },
  {
    name: 'notifies the end of input at once when no bytes are before it, though a promise is pending',
    async run({ connect, until }) {
      const server = new (class extends HalfCloseRecorder {
        override dataReceived(data: Buffer): Promise<void> {
          void super.dataReceived(data)
          return new Promise(() => undefined)
        }
      })()
      const pair = await connect(server, new Recorder())
      pair.client.write('request')
      await until(() => server.text === 'request')
      pair.client.loseWriteConnection()
      await until(() => server.events.includes('read lost'))
      pair.server.loseConnection()
      await until(() => server.lost)
      equal(server.events, ['made', 'data request', 'read lost', 'lost ConnectionDone'], 'the callbacks')
    },
  },
  ...(['paused', 'pending'] as const).map((state): TransportCheck => ({
    name: `closes a ${state} reader without readConnectionLost after the FIN of the peer, once it is ready`,
    async run({ connect, until, quiet }) {
      const gate = new Gate()
      const server = new Recorder()
      server.connectionMade = (): Promise<void> | undefined => (state === 'pending' ? gate.opened : undefined)
      const pair = await connect(server, new Recorder())
      if (state === 'paused') pair.server.pauseProducing()
      pair.client.loseWriteConnection()
      await quiet()
      equal([server.lost, pair.server.disconnecting], [false, false], 'lost, closing')
      if (state === 'paused') pair.server.resumeProducing()
      gate.open()
      await until(() => server.lost)
      isExactly(server.reason, ConnectionDone, 'the reason')
    },
  })),
  ...(['paused', 'pending'] as const).map((state): TransportCheck => ({
    name: `closes a ${state} reader without readConnectionLost after the FIN of the peer, once departureGraceMs is over`,
    needs: ['virtual time'],
    async run({ connect, until, quiet, advance }) {
      const server = new Recorder()
      server.connectionMade = (): Promise<void> | undefined =>
        state === 'pending' ? new Promise(() => undefined) : undefined
      const pair = await connect(server, new Recorder())
      if (state === 'paused') pair.server.pauseProducing()
      pair.client.loseWriteConnection()
      await quiet()
      advance(DEFAULT_TRANSPORT_OPTIONS.departureGraceMs - 1)
      equal([server.lost, pair.server.disconnecting], [false, false], 'lost, closing')
      advance(100)
      await until(() => server.lost)
      isExactly(server.reason, ConnectionDone, 'the reason')
    },
  })),
  {
    name: 'notices a peer that resets while a promise is pending',
    needs: ['reset'],
    async run({ connect, until, quiet }) {
      const server = new (class extends Recorder {
        override dataReceived(data: Buffer): Promise<void> {
          void super.dataReceived(data)
          return new Promise(() => undefined)
        }
      })()
      const pair = await connect(server, new Recorder())
      pair.client.write('a')
      await until(() => server.bytes === 1)
      pair.client.write('unread')
      await quiet()
      pair.client.abortConnection()
      await until(() => server.lost)
      equal(server.events, ['made', 'data a', 'lost ConnectionLost'], 'the callbacks')
    },
  },
  {
    name: 'delivers the held bytes before connectionLost when both sides have ended meanwhile',
    async run({ connect, until, quiet }) {
      const [server, client] = [new HalfCloseRecorder(), new Recorder()]
      const pair = await connect(server, client)
      pair.server.pauseProducing()
      pair.server.loseWriteConnection()
      pair.client.write('last bytes')
      await quiet()
      pair.client.loseConnection()
      await until(() => client.lost)
      await quiet()
      equal(server.events, ['made', 'write lost'], 'callbacks while paused')
      pair.server.resumeProducing()
      await until(() => server.lost)
      const rest = ['data last bytes', 'read lost', 'lost ConnectionDone']
      equal(server.events, ['made', 'write lost', ...rest], 'callbacks once resumed')
    },
  },
  {
    name: 'notices a peer that resets while the reader has paused',
    needs: ['reset'],
    async run({ connect, until, quiet }) {
      const server = new Recorder()
      const pair = await connect(server, new Recorder())
      pair.server.pauseProducing()
      const { signal } = pair.server
      pair.client.write('unread')
      await quiet()
      pair.client.abortConnection()
      await until(() => server.lost)
      isExactly(server.reason, ConnectionLost, 'the reason')
      holds(signal.aborted && signal.reason === server.reason, 'the signal is aborted with the same reason')
      equal(server.text, '', 'delivered although paused')
    },
  },
  {
    name: 'delivers nothing after connectionLost, when the promise that delivery waited for settles too late',
    needs: ['reset'],
    async run({ connect, until, quiet }) {
      const gate = new Gate()
      const server = new (class extends Recorder {
        override dataReceived(data: Buffer): Promise<void> {
          void super.dataReceived(data)
          return gate.opened
        }
      })()
      const pair = await connect(server, new Recorder())
      pair.client.write('a')
      await until(() => server.bytes === 1)
      pair.client.write('b')
      await quiet()
      pair.client.abortConnection()
      await until(() => server.lost)
      gate.open()
      await quiet()
      equal(server.events, ['made', 'data a', 'lost ConnectionLost'], 'the callbacks')
    },
  },
  {
    name: 'makes a peer wait that sends more than the reader accepts',
    needs: ['backpressure'],
    async run({ connect, until, quiet }) {
      const server = new Recorder()
      const pair = await connect(server, new Recorder())
      pair.server.pauseProducing()
      const all = Buffer.alloc(12_000_000, 'x')
      pair.client.write(all)
      await quiet()
      holds(pair.client.bufferedBytes > 0, 'bytes wait at the sender')
      pair.server.resumeProducing()
      await until(() => server.bytes === all.length)
    },
  },
]
