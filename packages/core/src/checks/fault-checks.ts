import { ConnectionAborted, ConnectionDone, ConnectionLost } from '../errors.ts'
import type { LogEvent } from '../interfaces/log.ts'
import type { PushProducer } from '../interfaces/transport.ts'
import { withTimeout } from '../policy/with-timeout.ts'
import { DEFAULT_TRANSPORT_OPTIONS } from '../transport/transport-options.ts'
import { equal, holds, isExactly, nothingLeft } from './assertions.ts'
import {
  Echo,
  HalfCloseRecorder,
  Recorder,
  type TransportCapability,
  type TransportCheck,
  type TransportHarness,
  type TransportPair,
} from './transport-harness.ts'

/** What a transport promises when a protocol or producer fails: its own connection ends, and nothing else. */
export const faultChecks: readonly TransportCheck[] = [
  ...inEveryWay({ callback: 'connectionMade', statements: 'statement 28 changed', provoke: () => undefined }),
  ...inEveryWay({ callback: 'dataReceived', statements: 'statements 25 and 26 changed', provoke: sendX }),
  ...inEveryWay({ callback: 'readConnectionLost', statements: 'statement 19 changed', provoke: endTheirs }),
  ...inEveryWay({ callback: 'writeConnectionLost', statements: 'statement 19 changed', provoke: endOurs }),
  ...inEveryWay({ callback: 'protocolReplaced', provoke: switchAway }),
  ...inEveryWay({ callback: 'resumeProducing', provoke: pull }),
  ...inEveryWay({ callback: 'pauseProducing', provoke: overfill, needs: ['backpressure'] }),
  ...inEveryWay({ callback: 'connectionLost', statements: 'statement 31', provoke: closeBoth, late: true }),
  ...inEveryWay({ callback: 'stopProducing', provoke: stopAtLoss, late: true }),
  {
    name: 'discards what a callback had queued before it failed (statement 27)',
    async run({ connect, until }) {
      const client = new Recorder()
      const server = new (class extends Recorder {
        override dataReceived(): never {
          this.transport.write('half an answer')
          throw new Error('the other half')
        }
      })()
      const pair = await connect(server, client)
      pair.client.write('question')
      await until(() => server.lost && client.lost)
      equal(client.text, '', 'what the peer got')
    },
  },
]

/** One place in user code that can fail. */
interface Fault {
  readonly callback: string
  /** What a throw there proves of Twisted's promises. */
  readonly statements?: string
  readonly needs?: readonly TransportCapability[]
  /** The connection has ended already: the fault is logged, and that is all. */
  readonly late?: true
  /** Leads the server to the callback. Answers who hears of the end, unless it is the server's protocol. */
  readonly provoke: (pair: TransportPair, fail: () => unknown) => Recorder | undefined | void
}

function inEveryWay(fault: Fault): readonly TransportCheck[] {
  const { callback, statements, needs = [] } = fault
  const proves = statements === undefined ? '' : ` (${statements})`
  const also = callback === 'dataReceived' ? 'statements 35 and 128' : 'statement 128'
  const outcome = fault.late ? 'logs' : 'logs, and aborts the one connection for,'
  return [
    {
      name: `${outcome} a throw in ${callback}${proves}`,
      needs,
      run: (harness) => contains(harness, fault, throwing),
    },
    {
      name: `${outcome} a rejection in ${callback} (${also})`,
      needs,
      run: (harness) => contains(harness, fault, rejecting),
    },
  ]
}

async function contains(
  { connect, until, logged }: TransportHarness,
  { callback, provoke, late }: Fault,
  failing: (error: Error) => () => unknown,
): Promise<void> {
  const bystander = new Recorder()
  const others = await connect(new Echo(), bystander)
  const error = new Error(`in ${callback}`)
  const server = Object.assign(new HalfCloseRecorder(), overriding(callback, failing(error)))
  const pair = await connect(server, new HalfCloseRecorder())
  const hears = provoke(pair, failing(error)) ?? server
  const told = (): readonly LogEvent[] => logged.filter((event) => event.error === error)
  await until(() => !pair.server.connected && told().length > 0)
  equal(told().length, 1, 'times it was logged')
  const { id, protocol } = told()[0]?.connection ?? {}
  equal([id, protocol], [pair.server.id, 'HalfCloseRecorder'], 'the connection that the log names')
  if (late === undefined) {
    isExactly(hears.reason, ConnectionAborted, 'the reason')
    equal(hears.reason?.cause, error, 'the cause')
  }
  bystander.transport.write('still here')
  await until(() => bystander.text === 'still here')
  if (callback !== 'connectionLost') equal(hears.losses.length, 1, 'times connectionLost was told')
  const { reactor } = others.server
  // What fails at one end may leave the other half open: that is for its protocol to decide.
  for (const transport of reactor.connections) transport.abortConnection()
  await until(() => nothingLeft(reactor))
}

function throwing(error: Error): () => never {
  return () => {
    throw error
  }
}

function rejecting(fault: Error): () => Promise<never> {
  return () => Promise.reject(fault)
}

/** Producers' callbacks are not the protocol's: those are failed by `provoke`. */
function overriding(callback: string, fail: () => unknown): object {
  return callback.endsWith('Producing') ? {} : { [callback]: fail }
}

function sendX({ client }: TransportPair): void {
  client.write('x')
}

function endTheirs({ client }: TransportPair): void {
  client.loseWriteConnection()
}

function endOurs({ server }: TransportPair): void {
  server.loseWriteConnection()
}

function switchAway({ server }: TransportPair): Recorder {
  const next = new Recorder()
  server.switchProtocol(next)
  return next
}

function closeBoth({ server, client }: TransportPair): void {
  server.loseConnection()
  client.loseConnection()
}

function pull({ server }: TransportPair, fail: () => unknown): void {
  server.registerProducer(source({ resumeProducing: fail }), false)
}

function overfill({ server, client }: TransportPair, fail: () => unknown): void {
  client.pauseProducing()
  server.registerProducer(source({ pauseProducing: fail }), true)
  for (let pieces = 0; pieces < 200 && !server.disconnecting; pieces++) server.write(PIECE)
}

function stopAtLoss({ server }: TransportPair, fail: () => unknown): void {
  server.registerProducer(source({ stopProducing: fail }), false)
  server.abortConnection()
}

function source(failing: object): PushProducer {
  return { pauseProducing: doNothing, resumeProducing: doNothing, stopProducing: doNothing, ...failing }
}

function doNothing(): void {}

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

const PIECE = Buffer.alloc(65_536)
const SOURCE = { pauseProducing: doNothing, resumeProducing: doNothing, stopProducing: doNothing }
/** More than the system holds for a peer that does not read. */
const LARGE = Buffer.alloc(8_388_608)
const HASTE_MS = 30_000
/** How late a deadline may pass. */
const LATEST_MS = 100
