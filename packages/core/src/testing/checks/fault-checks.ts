import type { LogEvent } from '../../interfaces/log.ts'
import type { PushProducer } from '../../interfaces/transport.ts'
import { ConnectionAborted } from '../../errors.ts'
import type {
  TransportCapability,
  TransportCheck,
  TransportHarness,
  TransportPair,
} from '../transport-harness.ts'
import { equal, isExactly } from './assertions.ts'
import { nothingLeft } from './nothing-left.ts'
import { Echo, HalfCloseRecorder, Recorder } from './recorder.ts'

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

const PIECE = Buffer.alloc(65_536)
