import { ConnectionDone } from '../../errors.ts'
import type { TransportCheck } from '../transport-harness.ts'
import { equal, isExactly } from './assertions.ts'
import { HalfCloseRecorder, Recorder } from './recorder.ts'

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
