import { ConnectionAborted, ConnectionDone, ConnectionLost } from '../../errors.ts'
import { withTimeout } from '../../policy/with-timeout.ts'
import { DEFAULT_TRANSPORT_OPTIONS } from '../../transport/transport-options.ts'
import type { TransportCheck, TransportHarness, TransportPair } from '../transport-harness.ts'
import { equal, holds, isExactly } from './assertions.ts'
import { nothingLeft } from './nothing-left.ts'
import { HalfCloseRecorder, Recorder } from './recorder.ts'

/** What a transport promises whatever its peer does: one end, for the right reason, and nothing left behind. */
export const peerChecks: readonly TransportCheck[] = [
  breakingOff('at once', () => undefined),
  breakingOff('while bytes for it are queued', ({ server }) => void server.write(LARGE)),
  breakingOff('while a producer is registered', ({ server }) => server.registerProducer(SOURCE, true)),
  breakingOff('while the reader has paused', ({ server }) => server.pauseProducing()),
  breakingOff('behind our own end', ({ server }) => server.loseWriteConnection()),
  breakingOff('behind its own end', ({ client }) => client.loseWriteConnection()),
  breakingOff('while we close', ({ server }) => {
    server.write(LARGE)
    server.loseConnection()
  }),
  {
    name: 'holds no more than the cap for a peer that reads nothing, and then gives it up',
    needs: ['backpressure'],
    async run({ connect, until, quiet }) {
      const [server, client] = [new Recorder(), new Recorder()]
      const pair = await connect(server, client)
      pair.client.pauseProducing()
      let mostBytes = 0
      for (let pieces = 0; pieces < 2000 && !pair.server.disconnecting; pieces++) {
        pair.server.write(PIECE)
        mostBytes = Math.max(mostBytes, pair.server.bufferedBytes)
        if (pieces % 100 === 99) await quiet()
      }
      await until(() => server.lost)
      isExactly(server.reason, ConnectionAborted, 'the reason')
      holds(server.reason?.cause instanceof Error, 'the cause says why')
      holds(mostBytes <= DEFAULT_TRANSPORT_OPTIONS.maxBufferedBytes + PIECE.length, 'the cap was kept')
      equal(pair.server.bufferedBytes, 0, 'bytes held in the end')
      pair.client.abortConnection()
      await until(() => client.lost && nothingLeft(pair.server.reactor))
      equal(server.losses.length, 1, 'times connectionLost was told')
    },
  },
  {
    name: "closes a peer that sends a byte a second at the protocol's deadline, not before",
    needs: ['virtual time'],
    async run({ connect, until, advance }) {
      const [server, client] = [new Hasty(), new Recorder()]
      const pair = await connect(server, client)
      for (let sent = 1; sent < HASTE_MS / 1000; sent++) {
        pair.client.write('x')
        await until(() => server.bytes === sent)
        advance(1000)
      }
      equal(pair.server.disconnecting, false, 'closing before the deadline')
      advance(1000 + LATEST_MS)
      await until(() => server.lost && client.lost)
      isExactly(server.reason, ConnectionDone, 'the reason')
      equal(server.losses.length, 1, 'times connectionLost was told')
      holds(nothingLeft(pair.server.reactor), 'no timer is left')
    },
  },
]

/** One moment at which the peer aborts; `lead` brings it about. */
function breakingOff(moment: string, lead: (pair: TransportPair) => void): TransportCheck {
  return {
    name: `survives a peer that breaks off ${moment}`,
    run: (harness) => survives(harness, lead),
  }
}

async function survives(
  { capabilities, connect, until, quiet }: TransportHarness,
  lead: (pair: TransportPair) => void,
): Promise<void> {
  const [server, client] = [new HalfCloseRecorder(), new HalfCloseRecorder()]
  const pair = await connect(server, client)
  pair.client.pauseProducing()
  lead(pair)
  const closing = pair.server.disconnecting
  await quiet()
  pair.client.abortConnection()
  await quiet()
  // Whoever has heard the peer's end hears of what follows only by writing.
  pair.server.resumeProducing()
  pair.server.write('anybody there?')
  if (!capabilities.has('reset')) pair.server.loseConnection()
  await until(() => server.lost && client.lost)
  equal([server.losses.length, client.losses.length], [1, 1], 'times connectionLost was told')
  isExactly(client.reason, ConnectionAborted, 'the reason at the peer')
  // Once all was said, or where a reset looks like an end, it may count as done.
  if (capabilities.has('reset') && !closing) isExactly(server.reason, ConnectionLost, 'the reason')
  if (server.reason instanceof ConnectionLost)
    holds(server.reason.cause instanceof Error, "the cause is the system's error")
  await until(() => nothingLeft(pair.server.reactor))
}

/** Closes unless it is done in time, however busy its peer is. */
class Hasty extends withTimeout(Recorder) {
  override connectionMade(): void {
    this.setTimeout(HASTE_MS)
  }
}

function doNothing(): void {}

const SOURCE = { pauseProducing: doNothing, resumeProducing: doNothing, stopProducing: doNothing }
/** More than the system holds for a peer that does not read. */
const LARGE = Buffer.alloc(8_388_608)
const PIECE = Buffer.alloc(65_536)
const HASTE_MS = 30_000
/** How late a deadline may pass. */
const LATEST_MS = 100
