import type { Transport } from '../interfaces/transport.ts'
import { ConnectionAborted } from '../errors.ts'
import { DEFAULT_TRANSPORT_OPTIONS } from '../transport/transport-options.ts'
import { Recorder, type TransportCheck } from './transport-harness.ts'
import { equal, holds, isExactly, throws } from './check.ts'

/** Checks of writing. */
export const writeChecks: readonly TransportCheck[] = [
  {
    name: 'joins the writes of one turn into one piece, and sends nothing before its end',
    async run({ connect, quiet, until }) {
      const [server, client] = [new Recorder(), new Recorder()]
      const pair = await connect(server, client)
      await quiet()
      for (const letter of 'abc') pair.client.write(letter)
      equal(pair.client.bufferedBytes, 3, 'bytes queued within the turn')
      equal(pair.client.writtenBytes, 3, 'bytes written, while they are queued')
      await until(() => server.bytes === 3)
      equal(server.events, ['made', 'data abc'], 'callbacks of the peer')
      await until(() => pair.client.bufferedBytes === 0)
      equal(pair.client.writtenBytes, 3, 'bytes written, when they have left')
    },
  },
  {
    name: 'joins the writes of an async dataReceived before and after an await',
    async run({ connect, until }) {
      const client = new Recorder()
      const server = new (class extends Recorder {
        override async dataReceived(): Promise<void> {
          this.transport.write('a')
          await Promise.resolve()
          this.transport.write('b')
          await Promise.resolve()
          this.transport.write('c')
        }
      })()
      const pair = await connect(server, client)
      pair.client.write('?')
      await until(() => client.bytes === 3)
      equal(client.events, ['made', 'data abc'], 'callbacks of the peer')
    },
  },
  {
    name: 'writes strings as UTF-8, views by their range, and sequences in order',
    async run({ connect, until }) {
      const server = new Recorder()
      const pair = await connect(server, new Recorder())
      pair.client.write('é')
      pair.client.write(new Uint8Array([1, 2, 3, 4]).subarray(1, 3))
      pair.client.writeSequence([Buffer.from('x'), '', 'y'])
      await until(() => server.bytes === 6)
      equal(Buffer.concat(server.pieces).toString('hex'), 'c3a902037879', 'the bytes received')
    },
  },
  {
    name: 'keeps small and large pieces in order',
    async run({ connect, until }) {
      const server = new Recorder()
      const pair = await connect(server, new Recorder())
      const pieces = ['a', 'b'.repeat(5000), 'c', 'd', 'e'.repeat(100_000), 'f', 'g'.repeat(300_000), 'h']
      for (const piece of pieces) pair.client.write(piece)
      const all = pieces.join('')
      await until(() => server.bytes >= all.length)
      holds(server.text === all, 'the bytes came in order')
    },
  },
  {
    name: 'throws a TypeError for data that is not bytes, also after a close',
    async run({ connect, until }) {
      const [server, client] = [new Recorder(), new Recorder()]
      const pair = await connect(server, client)
      refuses(pair.client, 'an open transport')
      pair.client.loseConnection()
      refuses(pair.client, 'a closing transport')
      await until(() => client.lost && server.lost)
      refuses(pair.client, 'a lost transport')
      equal(server.text, '', 'what the peer received')
    },
  },
  {
    name: 'drops writes after a close, and returns false',
    async run({ connect, until }) {
      const [server, client] = [new Recorder(), new Recorder()]
      const pair = await connect(server, client)
      pair.client.write('before')
      pair.client.loseConnection()
      equal(pair.client.write('late'), false, 'write while closing')
      equal(pair.client.writeSequence(['late']), false, 'writeSequence while closing')
      await until(() => client.lost && server.lost)
      equal(pair.client.write('late'), false, 'write once lost')
      equal(await pair.client.drained(), false, 'drained once lost')
      equal(server.text, 'before', 'what the peer received')
    },
  },
  {
    name: 'survives writes to a peer that has aborted',
    needs: ['reset'],
    async run({ connect, until }) {
      const [server, client] = [new Recorder(), new Recorder()]
      const pair = await connect(server, client)
      pair.server.abortConnection()
      for (let i = 0; i < 100; i++) pair.client.write('into the void')
      await until(() => client.lost)
      equal(pair.client.write('x'), false, 'write once lost')
      equal(client.losses.length, 1, 'calls of connectionLost')
    },
  },
  {
    name: 'returns false above the high-water mark, and drained() resolves below the low-water mark',
    needs: ['backpressure'],
    async run({ connect, until, quiet }) {
      const server = new Recorder()
      const pair = await connect(server, new Recorder())
      pair.server.pauseProducing()
      let sent = 0
      // The buffers between the two ends take some bytes in later turns.
      for (
        let rounds = 0;
        rounds < 500 && pair.client.bufferedBytes <= DEFAULT_TRANSPORT_OPTIONS.highWaterBytes;
        rounds++
      ) {
        sent += fill(pair.client)
        await quiet()
      }
      holds(
        pair.client.bufferedBytes > DEFAULT_TRANSPORT_OPTIONS.highWaterBytes,
        'more than the mark is queued',
      )
      let drained: boolean | undefined
      void pair.client.drained().then((goOn) => (drained = goOn))
      await quiet()
      equal(drained, undefined, 'drained while the peer does not read')
      pair.server.resumeProducing()
      await until(() => drained !== undefined)
      equal(drained, true, 'drained once the peer reads')
      holds(
        pair.client.bufferedBytes <= DEFAULT_TRANSPORT_OPTIONS.lowWaterBytes,
        'little is queued when drained',
      )
      await until(() => server.bytes === sent)
    },
  },
  {
    name: 'resolves drained() with false when the connection is lost first',
    needs: ['backpressure'],
    async run({ connect, until }) {
      const client = new Recorder()
      const pair = await connect(new Recorder(), client)
      pair.server.pauseProducing()
      fill(pair.client)
      const drained = pair.client.drained()
      pair.client.abortConnection()
      await until(() => client.lost)
      equal(await drained, false, 'drained')
      equal(pair.client.bufferedBytes, 0, 'bytes queued once lost')
    },
  },
  {
    name: 'accepts one large write whole, and aborts at a write beyond the hard cap',
    needs: ['backpressure'],
    async run({ connect, until }) {
      const client = new Recorder()
      const pair = await connect(new Recorder(), client)
      pair.server.pauseProducing()
      pair.client.write(Buffer.alloc(2 * DEFAULT_TRANSPORT_OPTIONS.maxBufferedBytes))
      equal(pair.client.disconnecting, false, 'closing after the large write')
      equal(pair.client.write('one more'), false, 'the write beyond the cap')
      await until(() => client.lost)
      isExactly(client.reason, ConnectionAborted, 'the reason')
      holds(client.reason?.cause instanceof Error, 'the cause is an error')
    },
  },
  {
    name: 'aborts when the peer reads nothing for too long, and not before',
    needs: ['backpressure', 'virtual time'],
    async run({ connect, until, quiet, advance }) {
      const [server, client] = [new Recorder(), new Recorder()]
      const pair = await connect(server, client)
      pair.server.pauseProducing()
      fill(pair.client)
      await quiet()
      advance(DEFAULT_TRANSPORT_OPTIONS.writeStallMs - 1)
      equal(client.lost, false, 'lost before the deadline')
      pair.server.resumeProducing()
      await until(() => pair.client.bufferedBytes === 0)
      pair.server.pauseProducing()
      advance(10 * DEFAULT_TRANSPORT_OPTIONS.writeStallMs)
      equal(client.lost, false, 'lost although nothing waits')
      fill(pair.client)
      advance(DEFAULT_TRANSPORT_OPTIONS.writeStallMs + LATEST_MS)
      await until(() => client.lost)
      isExactly(client.reason, ConnectionAborted, 'the reason')
    },
  },
]

function refuses(transport: Transport, what: string): void {
  const wrong: readonly unknown[] = [undefined, null, 7, {}, [1]]
  for (const data of wrong) {
    const given = `${what} given ${JSON.stringify(data)}`
    throws(() => transport.write(data as string), TypeError, given)
    throws(() => transport.writeSequence(['a', data as string]), TypeError, `${given} in a sequence`)
  }
}

/** Writes until `write` returns false; the peer must have been paused. */
function fill(transport: Transport): number {
  const piece = Buffer.alloc(65_536)
  for (let count = 1; count < 250; count++) {
    if (!transport.write(piece)) return count * piece.length
  }
  holds(false, 'write never returned false')
  return 0
}

/** How late a deadline may expire, in milliseconds. */
const LATEST_MS = 100
