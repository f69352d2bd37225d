import type { Transport } from '../interfaces/transport.ts'
import { NotConnectedError } from '../errors.ts'
import { HalfCloseRecorder, Recorder, type TransportCheck } from './transport-harness.ts'
import { equal, Gate, throws } from './check.ts'

/** Checks of `switchProtocol`. */
export const switchChecks: readonly TransportCheck[] = [
  {
    name: 'gives the next protocol the unread bytes first and once, then new bytes',
    async run({ connect, until }) {
      const next = new Recorder()
      const server = new Switching((data) => [next, data.subarray(2)])
      const pair = await connect(server, new Recorder())
      pair.client.write('GOunread')
      await until(() => next.bytes > 0)
      pair.client.write(' new')
      await until(() => next.text === 'unread new')
      equal(next.events, ['made', 'data unread', 'data  new'], 'callbacks of the next protocol')
      equal(server.events, ['made', 'replaced'], 'callbacks of the previous protocol')
      pair.client.loseConnection()
      await until(() => next.lost)
      equal(server.events, ['made', 'replaced'], 'callbacks of the previous protocol at the end')
    },
  },
  {
    name: 'holds the unread bytes while the next protocol has paused',
    async run({ connect, until, quiet }) {
      const next = new (class extends Recorder {
        override connectionMade(): void {
          this.transport.pauseProducing()
        }
      })()
      const pair = await connect(new Switching((data) => [next, data.subarray(2)]), new Recorder())
      pair.client.write('GOunread')
      await until(() => next.events.length > 0)
      pair.client.write(' new')
      await quiet()
      equal(next.events, ['made'], 'callbacks while paused')
      pair.server.resumeProducing()
      await until(() => next.text === 'unread new')
    },
  },
  {
    name: 'ends the pause of the previous protocol, and does not wait for its promises',
    async run({ connect, until }) {
      const [next, never] = [new Recorder(), new Gate()]
      const server = new (class extends Recorder {
        override dataReceived(): Promise<void> {
          this.transport.pauseProducing()
          this.transport.switchProtocol(next)
          return never.opened
        }
      })()
      const pair = await connect(server, new Recorder())
      pair.client.write('GO')
      await until(() => next.events.length > 0)
      pair.client.write('new')
      await until(() => next.text === 'new')
    },
  },
  {
    name: 'delivers nothing until the promise of the next connectionMade has settled',
    async run({ connect, until, quiet }) {
      const gate = new Gate()
      const next = new (class extends Recorder {
        override connectionMade(): Promise<void> {
          return gate.opened
        }
      })()
      const server = new (class extends Recorder {
        override async dataReceived(data: Buffer): Promise<void> {
          this.transport.switchProtocol(next, data.subarray(2))
          await Promise.resolve()
        }
      })()
      const pair = await connect(server, new Recorder())
      pair.client.write('GOunread')
      await until(() => next.events.length > 0)
      await quiet()
      equal(next.events, ['made'], 'callbacks while the promise is pending')
      gate.open()
      await until(() => next.text === 'unread')
    },
  },
  {
    name: 'sends the bytes that the previous protocol queued before those of the next',
    async run({ connect, until }) {
      const client = new Recorder()
      const next = new (class extends Recorder {
        override connectionMade(): void {
          this.transport.write('next')
        }
      })()
      const server = new (class extends Recorder {
        override dataReceived(): void {
          this.transport.write('before, ')
          this.transport.switchProtocol(next)
        }
      })()
      const pair = await connect(server, client)
      pair.client.write('GO')
      await until(() => client.text === 'before, next')
    },
  },
  {
    name: 'unregisters the producer of the previous protocol without calling it',
    async run({ connect, until }) {
      const [next, calls] = [new Recorder(), [] as string[]]
      const pair = await connect(new Switching(() => [next]), new Recorder())
      const note = (call: string) => (): void => void calls.push(call)
      const source = {
        pauseProducing: note('pause'),
        resumeProducing: note('resume'),
        stopProducing: note('stop'),
      }
      pair.server.registerProducer(source, true)
      pair.client.write('GO')
      await until(() => next.events.length > 0)
      pair.server.registerProducer(source, true)
      pair.server.unregisterProducer()
      equal(calls, [], 'calls of the producer')
    },
  },
  {
    name: 'delivers to the next protocol after dataReceived has returned, and never an empty piece',
    async run({ connect, until }) {
      const next = new Recorder()
      const server = new (class extends Recorder {
        override dataReceived(data: Buffer): void {
          this.transport.switchProtocol(next, data.subarray(2))
          next.events.push('returned')
        }
      })()
      const pair = await connect(server, new Recorder())
      pair.client.write('GOunread')
      await until(() => next.bytes > 0)
      equal(next.events, ['made', 'returned', 'data unread'], 'the order')
      const empty = new Recorder()
      pair.server.switchProtocol(empty, Buffer.alloc(0))
      pair.client.write('new')
      await until(() => empty.bytes > 0)
      equal(empty.events, ['made', 'data new'], 'callbacks of a protocol without unread bytes')
    },
  },
  {
    name: 'notifies the next protocol of an end of input that was received before the switch',
    async run({ connect, until }) {
      const next = new HalfCloseRecorder()
      const server = new (class extends HalfCloseRecorder {
        override readConnectionLost(): void {
          this.transport.switchProtocol(next, Buffer.from('unread'))
        }
      })()
      const pair = await connect(server, new Recorder())
      pair.client.loseWriteConnection()
      await until(() => next.events.includes('read lost'))
      equal(next.events, ['made', 'data unread', 'read lost'], 'callbacks of the next protocol')
    },
  },
  {
    name: 'switches again within a switch: the last protocol reads, the one between is only replaced',
    async run({ connect, until }) {
      const last = new Recorder()
      const between = new (class extends Recorder {
        override connectionMade(): Promise<void> {
          this.transport.switchProtocol(last)
          return new Gate().opened
        }
      })()
      const pair = await connect(new Switching((data) => [between, data.subarray(2)]), new Recorder())
      pair.client.write('GOunread')
      await until(() => last.text === 'unread')
      pair.client.loseConnection()
      await until(() => last.lost)
      equal(between.events, ['made', 'replaced'], 'callbacks of the protocol between')
      equal(last.events, ['made', 'data unread', 'lost ConnectionDone'], 'callbacks of the last protocol')
    },
  },
  {
    name: 'keeps id, addresses and signal across a switch',
    async run({ connect, until }) {
      const next = new Recorder()
      const pair = await connect(new Switching(() => [next]), new Recorder())
      const { signal } = pair.server
      pair.client.write('GO')
      await until(() => next.events.length > 0)
      equal(next.transport === pair.server, true, 'the same transport')
      pair.client.loseConnection()
      await until(() => next.lost)
      equal(signal.reason === next.reason, true, 'the same signal')
    },
  },
  {
    name: 'throws for a switch once closing or lost',
    async run({ connect, until }) {
      const client = new Recorder()
      const pair = await connect(new Recorder(), client)
      pair.client.loseConnection()
      throws(() => pair.client.switchProtocol(new Recorder()), NotConnectedError, 'while closing')
      await until(() => client.lost)
      throws(() => pair.client.switchProtocol(new Recorder()), NotConnectedError, 'once lost')
    },
  },
]

/** Switches to another protocol at the first bytes. */
class Switching extends Recorder {
  readonly #next: (data: Buffer) => Parameters<Transport['switchProtocol']>

  constructor(next: (data: Buffer) => Parameters<Transport['switchProtocol']>) {
    super()
    this.#next = next
  }

  override dataReceived(data: Buffer): void {
    this.transport.switchProtocol(...this.#next(data))
  }
}
