import { ConnectionAborted, ConnectionDone, ConnectionLost } from '../errors.ts'
import { DEFAULT_TRANSPORT_OPTIONS } from '../transport/transport-options.ts'
import { equal, holds, isExactly } from './check.ts'
import { Echo, HalfCloseRecorder, Recorder, type TransportCheck } from './transport-harness.ts'

/** Checks of the end of a whole connection. */
export const closeChecks: readonly TransportCheck[] = [
  {
    name: 'sends all queued bytes before it closes both ways',
    async run({ connect, until }) {
      const [server, client] = [new Recorder(), new Recorder()]
      const pair = await connect(server, client)
      const all = Buffer.alloc(1_048_576, 'x')
      pair.server.write(all)
      pair.server.loseConnection()
      equal(pair.server.disconnecting, true, 'disconnecting after loseConnection')
      await until(() => server.lost && client.lost)
      equal(client.bytes, all.length, 'bytes received')
      isExactly(server.reason, ConnectionDone, 'the reason here')
      isExactly(client.reason, ConnectionDone, 'the reason at the peer')
    },
  },
  {
    name: 'delivers nothing after loseConnection, not even bytes already received',
    async run({ connect, until }) {
      const client = new Recorder()
      const server = new (class extends Recorder {
        override dataReceived(data: Buffer): void {
          void super.dataReceived(data)
          this.transport.loseConnection()
        }
      })()
      const pair = await connect(server, client)
      pair.client.write('a')
      await until(() => server.bytes === 1)
      pair.client.write('b')
      await until(() => server.lost && client.lost)
      equal(server.events, ['made', 'data a', 'lost ConnectionDone'], 'callbacks on the closing side')
    },
  },
  {
    name: 'calls connectionLost once and never within a call, however often it is closed',
    async run({ connect, until, quiet }) {
      const [server, client] = [new Recorder(), new Recorder()]
      const pair = await connect(server, client)
      pair.server.loseConnection()
      pair.server.loseConnection()
      pair.server.loseWriteConnection()
      pair.server.abortConnection()
      pair.server.abortConnection()
      equal(server.lost, false, 'lost within a call')
      await until(() => server.lost && client.lost)
      pair.server.loseConnection()
      pair.server.abortConnection()
      await quiet()
      equal([server.losses.length, client.losses.length], [1, 1], 'calls of connectionLost')
    },
  },
  {
    name: 'aborts without sending the queued bytes, with the cause in ConnectionAborted',
    async run({ connect, until }) {
      const [server, client] = [new Recorder(), new Recorder()]
      const pair = await connect(server, client)
      const cause = new Error('enough')
      pair.server.write('unsent')
      pair.server.abortConnection(cause)
      equal(pair.server.bufferedBytes, 0, 'bytes queued after the abort')
      equal(server.lost, false, 'lost within the call')
      await until(() => server.lost && client.lost)
      isExactly(server.reason, ConnectionAborted, 'the reason here')
      equal(server.reason?.cause, cause, 'the cause')
      equal(client.text, '', 'what the peer received')
    },
  },
  {
    name: 'shows an abort to the peer as ConnectionLost',
    needs: ['reset'],
    async run({ connect, until }) {
      const client = new Recorder()
      const pair = await connect(new Recorder(), client)
      pair.server.abortConnection()
      await until(() => client.lost)
      isExactly(client.reason, ConnectionLost, 'the reason at the peer')
      holds(client.reason?.cause instanceof Error, "the cause is the system's error")
    },
  },
  {
    name: 'calls nothing between an abort and connectionLost',
    async run({ connect, until }) {
      const server = new (class extends Recorder {
        override dataReceived(data: Buffer): void {
          void super.dataReceived(data)
          this.transport.abortConnection()
        }
      })()
      const pair = await connect(server, new Recorder())
      pair.client.write('a')
      await until(() => server.bytes === 1)
      pair.client.write('b')
      await until(() => server.lost)
      equal(server.events, ['made', 'data a', 'lost ConnectionAborted'], 'callbacks on the aborting side')
    },
  },
  {
    name: 'is disconnected within connectionLost, and still returns both addresses',
    async run({ connect, until }) {
      const seen: unknown[] = []
      const server = new (class extends Recorder {
        override connectionLost(reason: ConnectionDone): void {
          void super.connectionLost(reason)
          const { transport } = this
          seen.push(
            transport.connected,
            transport.signal.reason === reason,
            transport.getPeer(),
            transport.getHost(),
          )
        }
      })()
      const pair = await connect(server, new Recorder())
      const addresses = [pair.server.getPeer(), pair.server.getHost()]
      equal(pair.server.connected, true, 'connected before')
      pair.client.loseConnection()
      await until(() => server.lost)
      equal(seen, [false, true, ...addresses], 'what connectionLost saw')
      pair.server.setTcpNoDelay(false)
      pair.server.setTcpKeepAlive(true, 1000)
    },
  },
  {
    name: 'sends all queued bytes to a peer that sends its FIN right after its request',
    async run({ connect, until }) {
      const [server, client] = [new Echo(), new HalfCloseRecorder()]
      const pair = await connect(server, client)
      pair.client.write('x'.repeat(100_000))
      pair.client.loseWriteConnection()
      await until(() => client.events.includes('read lost'))
      equal(client.bytes, 100_000, 'bytes echoed')
      pair.client.loseConnection()
      await until(() => server.lost && client.lost)
      isExactly(server.reason, ConnectionDone, 'the reason here')
    },
  },
  {
    name: 'closes when both sides close at once',
    async run({ connect, until }) {
      const [server, client] = [new Recorder(), new Recorder()]
      const pair = await connect(server, client)
      pair.server.write('from server')
      pair.client.write('from client')
      pair.server.loseConnection()
      pair.client.loseConnection()
      await until(() => server.lost && client.lost)
      isExactly(server.reason, ConnectionDone, 'the reason here')
      isExactly(client.reason, ConnectionDone, 'the reason at the peer')
    },
  },
  {
    name: 'reads and drops whatever a peer still sends after our FIN',
    async run({ connect, until }) {
      const [server, client] = [new Recorder(), new HalfCloseRecorder()]
      const pair = await connect(server, client)
      pair.server.write('last bytes')
      pair.server.loseConnection()
      await until(() => client.events.includes('read lost'))
      for (let pieces = 0; pieces < 32; pieces++) {
        pair.client.write(Buffer.alloc(65_536))
        await until(() => pair.client.bufferedBytes === 0 || server.lost)
      }
      equal(server.lost, false, 'lost while bytes still arrive')
      pair.client.loseConnection()
      await until(() => server.lost && client.lost)
      isExactly(server.reason, ConnectionDone, 'the reason here')
      isExactly(client.reason, ConnectionDone, 'the reason at the peer')
      equal(server.bytes, 0, 'bytes delivered after the close')
    },
  },
  {
    name: 'closes on a peer that still sends after our FIN at the total linger deadline, not before',
    needs: ['virtual time'],
    async run({ connect, until, quiet, advance }) {
      const [server, client] = [new Recorder(), new HalfCloseRecorder()]
      const pair = await connect(server, client)
      pair.server.loseConnection()
      await until(() => client.events.includes('read lost'))
      const { lingerMs, lingerTotalMs } = DEFAULT_TRANSPORT_OPTIONS
      for (let passedMs = 0; passedMs < lingerTotalMs - lingerMs; passedMs += lingerMs / 2) {
        pair.client.write(Buffer.alloc(4096))
        await quiet()
        advance(lingerMs / 2)
        equal(server.lost, false, `lost after ${passedMs} ms, although bytes arrived`)
      }
      pair.client.write(Buffer.alloc(4096))
      await quiet()
      advance(lingerMs + LATEST_MS)
      await until(() => server.lost)
      isExactly(server.reason, ConnectionDone, 'the reason here')
      pair.client.abortConnection()
      await until(() => client.lost)
    },
  },
  {
    name: 'closes on a peer that sends a byte now and then after our FIN as if it sent nothing',
    needs: ['virtual time'],
    async run({ connect, until, quiet, advance }) {
      const [server, client] = [new Recorder(), new HalfCloseRecorder()]
      const pair = await connect(server, client)
      pair.server.loseConnection()
      await until(() => client.events.includes('read lost'))
      const { lingerMs } = DEFAULT_TRANSPORT_OPTIONS
      advance(lingerMs / 2)
      pair.client.write('x')
      await quiet()
      equal(server.lost, false, 'lost before the deadline')
      advance(lingerMs / 2 + LATEST_MS)
      await until(() => server.lost)
      isExactly(server.reason, ConnectionDone, 'the reason here')
      pair.client.abortConnection()
      await until(() => client.lost)
    },
  },
  {
    name: 'waits for the FIN of a silent peer after our own until the deadline',
    needs: ['virtual time'],
    async run({ connect, until, advance }) {
      const [server, client] = [new Recorder(), new HalfCloseRecorder()]
      const pair = await connect(server, client)
      pair.server.loseConnection()
      await until(() => client.events.includes('read lost'))
      advance(DEFAULT_TRANSPORT_OPTIONS.lingerMs - 1)
      equal(server.lost, false, 'lost before the deadline')
      advance(1)
      await until(() => server.lost)
      isExactly(server.reason, ConnectionDone, 'the reason here')
      equal(pair.server.connected, false, 'connected')
      pair.client.abortConnection()
      await until(() => client.lost)
    },
  },
]

/** Checks of connections of which one direction ends before the other. */
export const halfCloseChecks: readonly TransportCheck[] = [
  {
    name: 'calls readConnectionLost instead of closing, and keeps writing',
    async run({ connect, until, quiet }) {
      const [server, client] = [new HalfCloseRecorder(), new HalfCloseRecorder()]
      const pair = await connect(server, client)
      pair.client.loseWriteConnection()
      await until(() => server.events.includes('read lost'))
      await quiet()
      equal([pair.server.connected, pair.server.disconnecting], [true, false], 'connected, disconnecting')
      pair.server.write('still here')
      await until(() => client.bytes > 0)
      pair.server.loseConnection()
      await until(() => server.lost && client.lost)
      equal(server.events, ['made', 'read lost', 'lost ConnectionDone'], 'the callbacks')
    },
  },
  {
    name: 'sends the queued bytes before our own FIN, calls writeConnectionLost, and keeps reading',
    async run({ connect, until }) {
      const [server, client] = [new HalfCloseRecorder(), new HalfCloseRecorder()]
      const pair = await connect(server, client)
      const all = Buffer.alloc(1_048_576, 'x')
      pair.client.write(all)
      pair.client.loseWriteConnection()
      equal(client.events, ['made'], 'callbacks within the call')
      equal(pair.client.write('late'), false, 'a write after it')
      await until(() => server.events.includes('read lost') && client.events.includes('write lost'))
      equal(server.bytes, all.length, 'bytes received')
      pair.server.write('answer')
      await until(() => client.text === 'answer')
      pair.client.loseWriteConnection()
      pair.server.loseConnection()
      pair.client.loseConnection()
      await until(() => server.lost && client.lost)
      equal(client.events.filter((event) => event === 'write lost').length, 1, 'calls of writeConnectionLost')
    },
  },
  {
    name: 'closes once the peer has sent its FIN after ours',
    async run({ connect, until }) {
      const [server, client] = [new Recorder(), new Recorder()]
      const pair = await connect(server, client)
      pair.client.write('request')
      pair.client.loseWriteConnection()
      await until(() => server.lost && client.lost)
      equal(server.text, 'request', 'what the peer received')
      isExactly(server.reason, ConnectionDone, 'the reason there')
      isExactly(client.reason, ConnectionDone, 'the reason here')
    },
  },
  {
    name: 'closes when loseConnection follows our own FIN, never within the call',
    async run({ connect, until }) {
      const [server, client] = [new HalfCloseRecorder(), new HalfCloseRecorder()]
      const pair = await connect(server, client)
      pair.client.loseWriteConnection()
      await until(() => client.events.includes('write lost'))
      pair.client.loseConnection()
      pair.server.loseConnection()
      equal(client.lost, false, 'lost within the call')
      await until(() => server.lost && client.lost)
      isExactly(client.reason, ConnectionDone, 'the reason')
    },
  },
]

/** How late a deadline may expire, in milliseconds. */
const LATEST_MS = 100
