import { LocalProtocolError } from '../errors.ts'
import { DEFAULT_TRANSPORT_OPTIONS } from '../transport/transport-options.ts'
import { HalfCloseRecorder, Recorder, type TransportCheck } from './transport-harness.ts'
import { equal, holds, throws } from './check.ts'

/** Checks of producers. */
export const producerChecks: readonly TransportCheck[] = [
  {
    name: 'throws for a second producer',
    async run({ connect }) {
      const { client } = await connect(new Recorder(), new Recorder())
      client.registerProducer(new Source(), true)
      throws(() => client.registerProducer(new Source(), true), LocalProtocolError, 'a second producer')
      client.unregisterProducer()
      client.registerProducer(new Source(), true)
    },
  },
  {
    name: 'stops a producer at once when it is registered on a closing or lost connection',
    async run({ connect, until }) {
      const client = new Recorder()
      const pair = await connect(new Recorder(), client)
      const [late, tooLate] = [new Source(), new Source()]
      pair.client.loseConnection()
      pair.client.registerProducer(late, true)
      equal(late.calls, ['stop'], 'calls while closing')
      await until(() => client.lost)
      pair.client.registerProducer(tooLate, false)
      equal(tooLate.calls, ['stop'], 'calls once lost')
    },
  },
  {
    name: 'calls a pull producer within registerProducer, then each time its last piece was sent',
    async run({ connect, until, quiet }) {
      const server = new Recorder()
      const pair = await connect(server, new Recorder())
      const source = new Source(() => {
        if (source.calls.length === 4) pair.client.unregisterProducer()
        pair.client.write(`${source.calls.length}`)
      })
      pair.client.registerProducer(source, false)
      equal(source.calls, ['resume'], 'calls within registerProducer')
      await until(() => server.bytes === 4)
      await quiet()
      equal(server.text, '1234', 'what the peer received')
      equal(source.calls.length, 4, 'calls')
    },
  },
  {
    name: 'calls a pull producer again only after it has written',
    async run({ connect, until, quiet }) {
      const server = new Recorder()
      const pair = await connect(server, new Recorder())
      const source = new Source()
      pair.client.registerProducer(source, false)
      await quiet()
      equal(source.calls, ['resume'], 'calls before it writes')
      pair.client.write('data')
      await until(() => server.text === 'data' && source.calls.length === 2)
    },
  },
  {
    name: 'keeps calling a pull producer of many large pieces that are sent at once',
    async run({ connect, until }) {
      const server = new Recorder()
      const pair = await connect(server, new Recorder())
      const piece = Buffer.alloc(65_536)
      const source = new Source(() => {
        pair.client.write(piece)
        if (source.calls.length === 1000) pair.client.unregisterProducer()
      })
      pair.client.registerProducer(source, false)
      await until(() => server.bytes === 1000 * piece.length)
    },
  },
  {
    name: 'pauses a push producer above the high-water mark and resumes it below the low-water mark',
    needs: ['backpressure'],
    async run({ connect, until, quiet }) {
      const server = new Recorder()
      const pair = await connect(server, new Recorder())
      const source = new Source()
      pair.server.pauseProducing()
      pair.client.registerProducer(source, true)
      // The buffers between the two ends take some bytes in later turns, and the source is resumed meanwhile.
      for (let rounds = 0; rounds < 500 && source.calls.at(-1) !== 'pause'; rounds++) {
        for (let pieces = 0; source.calls.at(-1) !== 'pause' && pieces < 250; pieces++)
          pair.client.write(PIECE)
        holds(
          pair.client.bufferedBytes > DEFAULT_TRANSPORT_OPTIONS.highWaterBytes,
          'it was paused above the mark',
        )
        await quiet()
      }
      equal(source.calls.at(-1), 'pause', 'the last call while the peer does not read')
      const { length } = source.calls
      pair.server.resumeProducing()
      await until(() => source.calls.length === length + 1)
      equal(source.calls.at(-1), 'resume', 'the last call once the peer reads')
      holds(
        pair.client.bufferedBytes <= DEFAULT_TRANSPORT_OPTIONS.lowWaterBytes,
        'it was resumed below the mark',
      )
    },
  },
  {
    name: 'does not close after loseConnection until a producer of either kind is unregistered',
    async run({ connect, until, quiet }) {
      for (const streaming of [true, false]) {
        const [server, client] = [new Recorder(), new Recorder()]
        const pair = await connect(server, client)
        register(pair.client, new Source(), streaming)
        pair.client.write('first ')
        pair.client.loseConnection()
        await quiet()
        equal(server.lost, false, 'closed before the producer was done')
        holds(pair.client.write('and last'), 'the producer still writes')
        pair.client.unregisterProducer()
        equal(pair.client.write('too late'), false, 'a write after it is done')
        await until(() => server.lost && client.lost)
        equal(server.text, 'first and last', 'what the peer received')
      }
    },
  },
  {
    name: 'does not send FIN after loseWriteConnection until a producer is unregistered',
    async run({ connect, until }) {
      const [server, client] = [new Recorder(), new HalfCloseRecorder()]
      const pair = await connect(server, client)
      pair.client.registerProducer(new Source(), true)
      pair.client.loseWriteConnection()
      pair.client.write('all of it')
      await until(() => server.text === 'all of it')
      equal(client.events, ['made'], 'callbacks before the producer was done')
      pair.client.unregisterProducer()
      await until(() => server.lost && client.lost)
    },
  },
  {
    name: 'aborts when a producer writes nothing for too long after loseConnection, but not one that writes',
    needs: ['virtual time'],
    async run({ connect, until, quiet, advance }) {
      const client = new Recorder()
      const pair = await connect(new Recorder(), client)
      const source = new Source()
      pair.client.registerProducer(source, true)
      pair.client.loseConnection()
      for (let round = 0; round < 3; round++) {
        advance(DEFAULT_TRANSPORT_OPTIONS.writeStallMs - 1)
        pair.client.write('progress')
        await quiet()
      }
      equal(client.lost, false, 'lost although it made progress')
      advance(DEFAULT_TRANSPORT_OPTIONS.writeStallMs + LATEST_MS)
      await until(() => client.lost)
      equal(source.calls, ['stop'], 'calls of the producer')
    },
  },
  {
    name: 'stops the producer once, before connectionLost',
    async run({ connect, until }) {
      const client = new Recorder()
      const pair = await connect(new Recorder(), client)
      const source = new Source(() => undefined, client.events)
      pair.client.registerProducer(source, true)
      pair.client.abortConnection()
      await until(() => client.lost)
      equal(client.events.slice(0, 2), ['made', 'stop'], 'the order')
      equal(source.calls, ['stop'], 'calls of the producer')
    },
  },
  {
    name: 'calls nothing on an unregistered producer, however often it is unregistered',
    async run({ connect, until }) {
      const client = new Recorder()
      const pair = await connect(new Recorder(), client)
      const source = new Source()
      pair.client.registerProducer(source, true)
      pair.client.unregisterProducer()
      pair.client.unregisterProducer()
      pair.client.loseConnection()
      await until(() => client.lost)
      equal(source.calls, [], 'calls of the producer')
    },
  },
  {
    name: 'stops and unregisters a producer of either kind at stopProducer, so that a close no longer waits for it',
    async run({ connect, until, quiet }) {
      for (const streaming of [true, false]) {
        const [server, client] = [new Recorder(), new Recorder()]
        const pair = await connect(server, client)
        const source = new Source()
        register(pair.client, source, streaming)
        pair.client.write('last bytes')
        pair.client.loseConnection()
        await quiet()
        equal(client.lost, false, 'lost before the producer was stopped')
        pair.client.stopProducer()
        pair.client.stopProducer()
        equal(pair.client.write('too late'), false, 'a write after it was stopped')
        await until(() => server.lost && client.lost)
        equal(server.text, 'last bytes', 'what the peer received')
        equal(
          source.calls.filter((call) => call !== 'resume'),
          ['stop'],
          'calls of the producer',
        )
      }
    },
  },
  {
    name: 'keeps sending after a producer was stopped, and accepts the next one',
    async run({ connect, until }) {
      const server = new Recorder()
      const pair = await connect(server, new Recorder())
      pair.client.stopProducer()
      const [first, second] = [new Source(), new Source()]
      pair.client.registerProducer(first, true)
      pair.client.stopProducer()
      equal(first.calls, ['stop'], 'calls of the producer that was stopped')
      pair.client.registerProducer(second, true)
      holds(pair.client.write('sent'), 'a write after the stop is accepted')
      await until(() => server.text === 'sent')
      equal(second.calls, [], 'calls of the next producer')
    },
  },
]

/** A producer that records its calls; `resumeProducing` also calls the given function. */
class Source {
  readonly calls: string[] = []
  readonly #resumed: () => void
  readonly #alsoTo: string[]

  constructor(resumed: () => void = () => undefined, alsoTo: string[] = []) {
    this.#resumed = resumed
    this.#alsoTo = alsoTo
  }

  pauseProducing(): void {
    this.#note('pause')
  }

  resumeProducing(): void {
    this.#note('resume')
    this.#resumed()
  }

  stopProducing(): void {
    this.#note('stop')
  }

  #note(call: string): void {
    this.calls.push(call)
    this.#alsoTo.push(call)
  }
}

function register(transport: Recorder['transport'], source: Source, streaming: boolean): void {
  if (streaming) transport.registerProducer(source, true)
  else transport.registerProducer(source, false)
}

const PIECE = Buffer.alloc(65_536)

/** How late a deadline may expire, in milliseconds. */
const LATEST_MS = 100
