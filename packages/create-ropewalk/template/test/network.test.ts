// The same program on a simulated network with faults, in virtual time. A failure prints the seed and the command
// that runs it again, and draws the run into test/__failures__.
import { LineReceiver } from '@ropewalk/core'
import { connectProtocol, TCPClientEndpoint } from '@ropewalk/core/endpoints'
import { simulate } from '@ropewalk/simulation/vitest'
import { WebSocketClientEndpoint, WebSocketClientFactory, WebSocketProtocol } from '@ropewalk/websocket'
import { LineFactory, Room, site } from '../src/room.ts'

const COUNT = 10
const PERIOD_MS = 1000

/** Sends a number each second, and records the numbers of the other client. */
class LineClient extends LineReceiver {
  readonly #received: number[]

  constructor(received: number[]) {
    super()
    this.#received = received
  }

  override connectionMade(): void {
    for (let number = 1; number <= COUNT; number++)
      this.transport.reactor.callLater(number * PERIOD_MS, () => this.sendLine(String(number)))
  }

  override lineReceived(line: Buffer): void {
    this.#received.push(Number(line.toString()))
  }
}

/** The same, with a WebSocket. */
class WebSocketClient extends WebSocketProtocol {
  readonly #received: number[]

  constructor(received: number[]) {
    super()
    this.#received = received
  }

  override negotiationFinished(): void {
    for (let number = 1; number <= COUNT; number++)
      this.transport.reactor.callLater(number * PERIOD_MS, () => {
        this.transport.sendTextMessage(String(number))
      })
  }

  override textMessageReceived(text: string): void {
    this.#received.push(Number(text))
  }
}

const reached = ['a client received every text', 'a client missed texts']

simulate('texts arrive in order and without gaps', { runs: 50, sometimes: reached }, async (sim) => {
  const numbers = [[], []] as [number[], number[]]
  const [byLine, byWebSocket] = numbers
  sim.host('server', async (reactor) => {
    const room = new Room()
    await reactor.listenTCP(80, site(room))
    await reactor.listenTCP(23, new LineFactory(room))
  })
  // A client whose connection attempt fails takes no part.
  sim.host('ann', (reactor) =>
    connectProtocol(new TCPClientEndpoint(reactor, 'server', 23), new LineClient(byLine)).catch(
      () => undefined,
    ),
  )
  sim.host('bob', (reactor) =>
    new WebSocketClientEndpoint(reactor, 'ws://server/room')
      .connect(WebSocketClientFactory.forProtocol(WebSocketClient, byWebSocket))
      .catch(() => undefined),
  )
  sim.always('each number is the next one', () =>
    numbers.every((received) => received.every((number, at) => number === (received[0] ?? 0) + at)),
  )
  sim.injectFaults({ withinMs: COUNT * PERIOD_MS, kinds: ['hold', 'reset', 'slow link', 'slow reader'] })
  await sim.run(6 * COUNT * PERIOD_MS)
  for (const { length } of numbers)
    sim.sometimes(length === COUNT ? 'a client received every text' : 'a client missed texts')
})
