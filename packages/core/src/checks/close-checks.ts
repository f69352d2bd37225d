import { ConnectionAborted, ConnectionDone, ConnectionLost } from '../errors.ts'
import { DEFAULT_TRANSPORT_OPTIONS } from '../transport/transport-options.ts'
import { equal, holds, isExactly } from './assertions.ts'
import { Echo, HalfCloseRecorder, Recorder, type TransportCheck } from './transport-harness.ts'

/** What a transport promises about the end of a connection as a whole. */
export const closeChecks: readonly TransportCheck[] = [
  {
    name: 'sends all that is queued before it closes both ways (statements 1, 5 and 13)',
    async run({ connect, until }) {
      const [server, client] = [new Recorder(), new Recorder()]
      const pair = await connect(server, client)
      const all = Buffer.alloc(1_048_576, 'x')
      pair.server.write(all)
      pair.server.loseConnection()
      equal(pair.server.disconnecting, true, 'disconnecting after loseConnection (statement 22)')
      await until(() => server.lost && client.lost)
      equal(client.bytes, all.length, 'bytes that came')
      isExactly(server.reason, ConnectionDone, 'the reason here')
      isExactly(client.reason, ConnectionDone, 'the reason at the peer')
    },
  },
  {
    name: 'delivers nothing after loseConnection, not even what had come (statement 6)',
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
      equal(server.events, ['made', 'data a', 'lost ConnectionDone'], 'what the closing side was told')
    },
  },
  {
    name: 'tells connectionLost once and never within a call, however often it is closed (statements 7 to 9)',
    async run({ connect, until, quiet }) {
      const [server, client] = [new Recorder(), new Recorder()]
      const pair = await connect(server, client)
      pair.server.loseConnection()
      pair.server.loseConnection()
      pair.server.loseWriteConnection()
      pair.server.abortConnection()
      pair.server.abortConnection()
      equal(server.lost, false, 'told within a call')
      await until(() => server.lost && client.lost)
      pair.server.loseConnection()
      pair.server.abortConnection()
      await quiet()
      equal([server.losses.length, client.losses.length], [1, 1], 'times told')
    },
  },
  {
    name: 'aborts without sending what is queued, with the cause in ConnectionAborted (statement 10)',
    async run({ connect, until }) {
      const [server, client] = [new Recorder(), new Recorder()]
      const pair = await connect(server, client)
      const cause = new Error('enough')
      pair.server.write('unsent')
      pair.server.abortConnection(cause)
      equal(pair.server.bufferedBytes, 0, 'bytes queued after the abort')
      equal(server.lost, false, 'told within the call')
      await until(() => server.lost && client.lost)
      isExactly(server.reason, ConnectionAborted, 'the reason here')
      equal(server.reason?.cause, cause, 'the cause')
      equal(client.text, '', 'what the peer got')
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
    name: 'calls nothing between an abort and connectionLost (statement 11)',
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
      equal(server.events, ['made', 'data a', 'lost ConnectionAborted'], 'what the aborting side was told')
    },
  },
  {
    name: 'is disconnected within connectionLost, and still knows both addresses (statement 12)',
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
    name: 'answers a peer that ends its side at once: what is queued still leaves (statement 14 changed)',
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
    name: 'reads and drops what a peer goes on sending after our end, however much',
    async run({ connect, until }) {
      const [server, client] = [new Recorder(), new HalfCloseRecorder()]
      const pair = await connect(server, client)
      pair.server.write('last words')
      pair.server.loseConnection()
      await until(() => client.events.includes('read lost'))
      for (let pieces = 0; pieces < 32; pieces++) {
        pair.client.write(Buffer.alloc(65_536))
        await until(() => pair.client.bufferedBytes === 0 || server.lost)
      }
      equal(server.lost, false, 'lost while bytes still came')
      pair.client.loseConnection()
      await until(() => server.lost && client.lost)
      isExactly(server.reason, ConnectionDone, 'the reason here')
      isExactly(client.reason, ConnectionDone, 'the reason at the peer')
      equal(server.bytes, 0, 'bytes delivered after the close')
    },
  },
  {
    name: 'cuts a peer that goes on sending after our end when the longest wait is over, and not before',
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
        equal(server.lost, false, `lost after ${passedMs} ms, although bytes came`)
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
    name: 'cuts a peer that sends a byte now and then after our end as if it sent nothing',
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
    name: 'waits for the end of a silent peer after our own until the deadline (statement 23 mended)',
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

/** What a transport promises when one direction ends before the other. */
export const halfCloseChecks: readonly TransportCheck[] = [
  {
    name: 'tells readConnectionLost instead of closing, and writing goes on (statement 15)',
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
      equal(server.events, ['made', 'read lost', 'lost ConnectionDone'], 'what was told')
    },
  },
  {
    name: 'sends what is queued before our own end, tells writeConnectionLost, and reads on (statements 16 and 17)',
    async run({ connect, until }) {
      const [server, client] = [new HalfCloseRecorder(), new HalfCloseRecorder()]
      const pair = await connect(server, client)
      const all = Buffer.alloc(1_048_576, 'x')
      pair.client.write(all)
      pair.client.loseWriteConnection()
      equal(client.events, ['made'], 'told within the call')
      equal(pair.client.write('late'), false, 'a write after it (statement 18 changed)')
      await until(() => server.events.includes('read lost') && client.events.includes('write lost'))
      equal(server.bytes, all.length, 'bytes that came')
      pair.server.write('answer')
      await until(() => client.text === 'answer')
      pair.client.loseWriteConnection()
      pair.server.loseConnection()
      pair.client.loseConnection()
      await until(() => server.lost && client.lost)
      equal(
        client.events.filter((event) => event === 'write lost').length,
        1,
        'times writeConnectionLost was told',
      )
    },
  },
  {
    name: 'closes once the peer has answered our own end with its own',
    async run({ connect, until }) {
      const [server, client] = [new Recorder(), new Recorder()]
      const pair = await connect(server, client)
      pair.client.write('request')
      pair.client.loseWriteConnection()
      await until(() => server.lost && client.lost)
      equal(server.text, 'request', 'what the peer got')
      isExactly(server.reason, ConnectionDone, 'the reason there')
      isExactly(client.reason, ConnectionDone, 'the reason here')
    },
  },
  {
    name: 'closes when loseConnection follows our own end, never within the call (statement 9 changed)',
    async run({ connect, until }) {
      const [server, client] = [new HalfCloseRecorder(), new HalfCloseRecorder()]
      const pair = await connect(server, client)
      pair.client.loseWriteConnection()
      await until(() => client.events.includes('write lost'))
      pair.client.loseConnection()
      pair.server.loseConnection()
      equal(client.lost, false, 'told within the call')
      await until(() => server.lost && client.lost)
      isExactly(client.reason, ConnectionDone, 'the reason')
    },
  },
]

/** How late a deadline may pass. */
const LATEST_MS = 100
