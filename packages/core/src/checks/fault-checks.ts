import { ConnectionAborted, ConnectionDone, ConnectionLost } from '../errors.ts'
import type { LogEvent } from '../interfaces/log.ts'
import type { PushProducer } from '../interfaces/transport.ts'
import { withTimeout } from '../policy/with-timeout.ts'
import { DEFAULT_TRANSPORT_OPTIONS } from '../transport/transport-options.ts'
import { equal, holds, isExactly, nothingLeft, rejecting, throwing } from './check.ts'
import {
  Echo,
  HalfCloseRecorder,
  Recorder,
  type TransportCapability,
  type TransportCheck,
  type TransportHarness,
  type TransportPair,
} from './transport-harness.ts'

/** Checks that a failing protocol or producer ends its own connection only. */
export const faultChecks: readonly TransportCheck[] = [
  ...inEveryWay({ callback: 'connectionMade', provoke: () => undefined }),
  ...inEveryWay({ callback: 'dataReceived', provoke: sendX }),
  ...inEveryWay({ callback: 'readConnectionLost', provoke: endTheirs }),
  ...inEveryWay({ callback: 'writeConnectionLost', provoke: endOurs }),
  ...inEveryWay({ callback: 'protocolReplaced', provoke: switchAway }),
  ...inEveryWay({ callback: 'resumeProducing', provoke: pull }),
  ...inEveryWay({ callback: 'pauseProducing', provoke: overfill, needs: ['backpressure'] }),
  ...inEveryWay({ callback: 'connectionLost', provoke: closeBoth, late: true }),
  ...inEveryWay({ callback: 'stopProducing', provoke: stopAtLoss, late: true }),
  {
    name: 'discards the bytes that a callback queued before it failed',
    async run({ connect, until }) {
      const client = new Recorder()
      const server = new (class extends Recorder {
        override dataReceived(): never {
          this.transport.write('half a response')
          throw new Error('the other half')
        }
      })()
      const pair = await connect(server, client)
      pair.client.write('question')
      await until(() => server.lost && client.lost)
      equal(client.text, '', 'what the peer received')
    },
  },
]

/** One place in user code that can fail. */
interface Fault {
  readonly callback: string
  /** The capabilities that its checks need. Default none. */
  readonly needs?: readonly TransportCapability[]
  /** The connection has already ended: the fault is only logged. */
  readonly late?: true
  /** Makes the server call the callback. Returns the protocol that gets `connectionLost`, if not the server's first. */
  readonly provoke: (pair: TransportPair, fail: () => unknown) => Recorder | undefined | void
}

function inEveryWay(fault: Fault): readonly TransportCheck[] {
  const { callback, needs = [] } = fault
  const outcome = fault.late ? 'logs' : 'logs, and aborts only its connection after,'
  return [
    {
      name: `${outcome} a throw in ${callback}`,
      needs,
      run: (harness) => contains(harness, fault, throwing),
    },
    {
      name: `${outcome} a rejection in ${callback}`,
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
  const last = provoke(pair, failing(error)) ?? server
  const faults = (): readonly LogEvent[] => logged.filter((event) => event.error === error)
  await until(() => !pair.server.connected && faults().length > 0)
  equal(faults().length, 1, 'times it was logged')
  const { id, protocol } = faults()[0]?.connection ?? {}
  equal([id, protocol], [pair.server.id, 'HalfCloseRecorder'], 'the connection that the log names')
  if (late === undefined) {
    isExactly(last.reason, ConnectionAborted, 'the reason')
    equal(last.reason?.cause, error, 'the cause')
  }
  bystander.transport.write('still here')
  await until(() => bystander.text === 'still here')
  if (callback !== 'connectionLost') equal(last.losses.length, 1, 'calls of connectionLost')
  const { reactor } = others.server
  // A failure at one end may leave the other end half-open: its protocol decides when to close.
  for (const transport of reactor.connections) transport.abortConnection()
  await until(() => nothingLeft(reactor))
}

/** A producer's callbacks are not the protocol's: `provoke` registers a producer that fails. */
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

/** Checks that whatever the peer does, the connection ends once, for the right reason, and leaves nothing behind. */
export const peerChecks: readonly TransportCheck[] = [
  breakingOff('at once', () => undefined),
  breakingOff('while bytes are queued for it', ({ server }) => void server.write(LARGE)),
  breakingOff('while a producer is registered', ({ server }) => server.registerProducer(SOURCE, true)),
  breakingOff('while the reader has paused', ({ server }) => server.pauseProducing()),
  breakingOff('after our own FIN', ({ server }) => server.loseWriteConnection()),
  breakingOff('after its own FIN', ({ client }) => client.loseWriteConnection()),
  breakingOff('while we close', ({ server }) => {
    server.write(LARGE)
    server.loseConnection()
  }),
  {
    name: 'queues no more than the cap for a peer that reads nothing, then aborts',
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
      holds(server.reason?.cause instanceof Error, 'the cause is an error')
      holds(mostBytes <= DEFAULT_TRANSPORT_OPTIONS.maxBufferedBytes + PIECE.length, 'the cap was kept')
      equal(pair.server.bufferedBytes, 0, 'bytes held in the end')
      pair.client.abortConnection()
      await until(() => client.lost && nothingLeft(pair.server.reactor))
      equal(server.losses.length, 1, 'calls of connectionLost')
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
      equal(server.losses.length, 1, 'calls of connectionLost')
      holds(nothingLeft(pair.server.reactor), 'no timer is left')
    },
  },
]

/** Makes a check of a peer that aborts at a certain time; `lead` leads to it. */
function breakingOff(when: string, lead: (pair: TransportPair) => void): TransportCheck {
  return {
    name: `survives a peer that aborts ${when}`,
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
  // After the peer's FIN, a later reset is noticed only by writing.
  pair.server.resumeProducing()
  pair.server.write('anything there?')
  if (!capabilities.has('reset')) pair.server.loseConnection()
  await until(() => server.lost && client.lost)
  equal([server.losses.length, client.losses.length], [1, 1], 'calls of connectionLost')
  isExactly(client.reason, ConnectionAborted, 'the reason at the peer')
  // After a complete close, or where a reset looks like an end, the reason may be ConnectionDone.
  if (capabilities.has('reset') && !closing) isExactly(server.reason, ConnectionLost, 'the reason')
  if (server.reason instanceof ConnectionLost)
    holds(server.reason.cause instanceof Error, "the cause is the system's error")
  await until(() => nothingLeft(pair.server.reactor))
}

/** Closes at its deadline, however much its peer sends. */
class Hasty extends withTimeout(Recorder) {
  override connectionMade(): void {
    this.setTimeout(HASTE_MS)
  }
}

const PIECE = Buffer.alloc(65_536)
const SOURCE = { pauseProducing: doNothing, resumeProducing: doNothing, stopProducing: doNothing }
/** More bytes than the operating system buffers for a peer that does not read. */
const LARGE = Buffer.alloc(8_388_608)
const HASTE_MS = 30_000
/** How late a deadline may expire, in milliseconds. */
const LATEST_MS = 100
