import { Factory, Protocol } from '@ropewalk/core'
import { TCPClientEndpoint } from '@ropewalk/core/endpoints'
import { ClientService } from '@ropewalk/core/services'
import { Headers } from '@ropewalk/http'
import type { Simulation } from '@ropewalk/simulation'
import { simulate } from '@ropewalk/simulation/vitest'
import { WebSocketChannel, WebSocketProtocol } from '@ropewalk/websocket'
import { chat } from '../chat.ts'

const NAMES = ['ann', 'bob', 'cleo']
const LINES = 40

/** What a guest has received and said, over all its connections and crashes. */
interface Diary {
  readonly name: string
  connections: number
  said: number
  /** What it received, one list for each of its connections. */
  readonly received: string[][]
  present: readonly string[]
}

/** One connection of a guest, who says something every 500 ms. */
class Guest extends WebSocketProtocol {
  readonly #diary: Diary
  readonly #connection: number
  readonly #received: string[] = []

  constructor(diary: Diary) {
    super()
    this.#diary = diary
    this.#connection = ++diary.connections
    diary.received.push(this.#received)
  }

  override negotiationFinished(): void {
    this.transport.sendTextMessage(`/join tea ${this.#diary.name}`)
    this.#talk()
  }

  override textMessageReceived(json: string): void {
    const { from, text, names } = JSON.parse(json) as Partial<{ from: string; text: string; names: string[] }>
    if (from !== undefined && text !== undefined) this.#received.push(`${from} ${text}`)
    if (names !== undefined) this.#diary.present = names
  }

  override connectionLost(): void {
    this.#diary.present = []
  }

  #talk(): void {
    this.transport.reactor.callLater(500, () => {
      if (!this.transport.open || this.#diary.said === LINES) return
      this.transport.sendTextMessage(`${this.#connection} ${++this.#diary.said}`)
      this.#talk()
    })
  }
}

/** Opens a WebSocket for a guest. */
class Opening extends Protocol {
  readonly #diary: Diary
  #head = Buffer.alloc(0)

  constructor(diary: Diary) {
    super()
    this.#diary = diary
  }

  override connectionMade(): void {
    const key = this.transport.reactor.randomBytes(16).toString('base64')
    const fields = ['Host: server', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13']
    this.transport.write(`GET /chat HTTP/1.1\r\n${fields.join('\r\n')}\r\nSec-WebSocket-Key: ${key}\r\n\r\n`)
  }

  override dataReceived(data: Buffer): void {
    this.#head = Buffer.concat([this.#head, data])
    const end = this.#head.indexOf('\r\n\r\n')
    if (end < 0) return
    if (!this.#head.toString('latin1').startsWith('HTTP/1.1 101 ')) return this.transport.abortConnection()
    const response = { status: 101, headers: new Headers() }
    const channel = new WebSocketChannel({
      protocol: new Guest(this.#diary),
      opening: { role: 'client', response },
    })
    this.transport.switchProtocol(channel, this.#head.subarray(end + 4))
  }
}

/** An evening in the chat. @throws {Error} (rejects) when a guest received something twice or out of order. */
async function evening(sim: Simulation): Promise<void> {
  sim.host('server', (reactor) => reactor.listenTCP(80, chat(reactor)))
  const diaries = NAMES.map((name): Diary => ({ name, connections: 0, said: 0, received: [], present: [] }))
  for (const diary of diaries) {
    sim.host(diary.name, (reactor) => {
      class Connecting extends Factory<Opening> {
        override buildProtocol(): Opening {
          return new Opening(diary)
        }
      }
      const endpoint = new TCPClientEndpoint(reactor, 'server', 80)
      return new ClientService(endpoint, new Connecting(), { reactor }).startService()
    })
  }
  sim.injectFaults({ withinMs: 12_000, most: 6 })
  await sim.run(180_000)
  for (const { name, said, received, present } of diaries) {
    const all = received.flat()
    if (said < LINES || all.length < LINES)
      throw new Error(`${name} said ${said} and received ${all.length} lines`)
    if (new Set(all).size < all.length) throw new Error(`${name} received something twice: ${all.join(', ')}`)
    for (const lines of received) expectOrder(name, lines)
    if (present.toSorted().join() !== NAMES.join())
      throw new Error(`${name} sees ${present.join(', ') || 'no one'} in the room`)
  }
}

/** Lines of one connection of a guest, "ann 1 5", arrive in the order in which they were said. */
function expectOrder(name: string, lines: readonly string[]): void {
  const last = new Map<string, number>()
  for (const line of lines) {
    const [from = '', connection = '', said = ''] = line.split(' ')
    const sender = `${from} ${connection}`
    if (Number(said) <= (last.get(sender) ?? 0))
      throw new Error(`${name} received out of order: ${lines.join(', ')}`)
    last.set(sender, Number(said))
  }
}

simulate(
  'guests receive nothing twice, each guest in order, and the list of those present',
  { runs: 60 },
  evening,
)
