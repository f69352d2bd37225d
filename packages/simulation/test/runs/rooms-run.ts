import { backoffPolicy, ClientService } from '@ropewalk/core/services'
import { type Request, Site } from '@ropewalk/http'
import {
  WebSocketClientEndpoint,
  WebSocketClientFactory,
  WebSocketProtocol,
  WebSocketResource,
  WebSocketServerFactory,
} from '@ropewalk/websocket'
import { Topics } from '@ropewalk/websocket/topics'
import type { HostReactor, Simulation } from '../../src/index.ts'
import { Witness } from './invariants.ts'

/**
 * Rooms of a chat on one server, and clients that reconnect through crashes, partitions and other faults; some of them
 * compress. Checks:
 *
 * - A connection receives each message of its room once, in order and without gaps, from the moment it joined; none of
 *   another room; and each exactly as it was published.
 * - After the last fault every client receives what it sends.
 * - After all have left, the server has no room.
 *
 * @throws {Error} (rejects) when one of these does not hold.
 */
export async function roomsRun(
  sim: Simulation,
  makeRoom: RoomMaker = (rooms) => new Room(rooms),
): Promise<void> {
  const witness = new Witness(sim)
  const servers: Rooms[] = []
  sim.host('server', async (reactor) => {
    void reactor.run({ installSignalHandlers: false })
    const rooms = new Rooms(reactor, makeRoom)
    servers.push(rooms)
    const site = new Site(new WebSocketResource(rooms, { deflate: { thresholdBytes: 50 } }))
    await reactor.listenTCP(80, witness.watchAll(site), { policies: [witness] })
  })
  const complaints: string[] = []
  const guests = new Map<string, ClientService<Guest>>()
  for (let at = 0; at < 4; at++) {
    const name = `guest${at}`
    const room = `room${at % 2}`
    sim.host(name, (reactor) => {
      void reactor.run({ installSignalHandlers: false })
      const endpoint = new WebSocketClientEndpoint(reactor, `ws://server/${room}`, {
        connection: { timeoutMs: ATTEMPT_MS, policies: [witness] },
        handshakeTimeoutMs: ATTEMPT_MS,
        deflate: at < 2,
      })
      const factory = WebSocketClientFactory.forProtocol(Guest, name, room, complaints)
      const retryPolicy = backoffPolicy({ maxDelayMs: LONGEST_WAIT_MS })
      const service = new ClientService(endpoint, factory, { reactor, retryPolicy })
      guests.set(name, service)
      return service.startService()
    })
  }
  sim.injectFaults({ withinMs: 30_000, most: 10, longestMs: 10_000 })
  await sim.run(WELL_AGAIN_MS + UNANSWERED * SEND_MS + LONGEST_WAIT_MS + 2 * ATTEMPT_MS + 2_000)
  if (complaints.length > 0) throw new Error(complaints[0])
  for (const [name, service] of guests) await expectEchoes(sim, name, service)
  for (const service of guests.values()) void service.stopService()
  await sim.run(10_000)
  await witness.drain(10_000)
  if (complaints.length > 0) throw new Error(complaints[0])
  witness.hold()
  const left = servers.at(-1)?.open ?? []
  if (left.length > 0) throw new Error(`the server still has ${left.join(', ')}`)
}

/** Makes the protocol of a guest on the server. */
export type RoomMaker = (rooms: Rooms) => Room

async function expectEchoes(sim: Simulation, name: string, service: ClientService<Guest>): Promise<void> {
  let guest: Guest | undefined
  void service.whenConnected().then((connected) => {
    guest = connected
  })
  await sim.run(0)
  const before = guest?.echoes
  await sim.run(3 * SEND_MS)
  if (guest === undefined || guest.echoes === before) {
    throw new Error(`${name} gets no messages, long after the last fault`)
  }
}

/** The rooms of one life of the server. */
export class Rooms extends WebSocketServerFactory {
  readonly topics: Topics<Room>
  readonly #makeRoom: RoomMaker
  readonly #open = new Set<string>()
  /** The number of the last message of each room. */
  readonly #last = new Map<string, number>()

  constructor(reactor: HostReactor, makeRoom: RoomMaker) {
    super()
    this.#makeRoom = makeRoom
    this.topics = new Topics({ reactor })
    this.topics.onFirstSubscriber((topic) => this.#open.add(topic))
    this.topics.onLastUnsubscriber((topic) => this.#open.delete(topic))
  }

  /** The rooms with at least one guest. */
  get open(): readonly string[] {
    return [...this.#open]
  }

  override buildProtocol(_request: Request): Room {
    return this.#makeRoom(this)
  }

  /** Publishes a message with its number. */
  say(room: string, text: string): void {
    this.topics.publish(room, `${room} ${this.number(room)} ${text}`)
  }

  /** The number of the next message of a room. */
  number(room: string): number {
    const number = (this.#last.get(room) ?? 0) + 1
    this.#last.set(room, number)
    return number
  }
}

/** A guest on the server: joins the room of its path. */
export class Room extends WebSocketProtocol {
  protected readonly rooms: Rooms

  constructor(rooms: Rooms) {
    super()
    this.rooms = rooms
  }

  override negotiationFinished(): Promise<unknown> {
    return this.rooms.topics.subscribe(this.name, this)
  }

  override textMessageReceived(text: string): void {
    this.rooms.say(this.name, text)
  }

  /** The name of the room. */
  protected get name(): string {
    return this.transport.request.path.slice(1)
  }
}

/** Says something now and then, and checks what it receives. */
class Guest extends WebSocketProtocol {
  echoes = 0
  readonly #name: string
  readonly #room: string
  readonly #complaints: string[]
  #sent = 0
  #last: number | undefined

  constructor(name: string, room: string, complaints: string[]) {
    super()
    this.#name = name
    this.#room = room
    this.#complaints = complaints
  }

  override negotiationFinished(): void {
    this.#say()
  }

  override textMessageReceived(message: string): void {
    const [room, number, name, count, words] = message.split(' ', 5)
    if (room !== this.#room) this.#complaints.push(`${this.#name} received a message of ${room}`)
    if (this.#last !== undefined && Number(number) !== this.#last + 1)
      this.#complaints.push(`${this.#name} received message ${number} after ${this.#last}`)
    this.#last = Number(number)
    if (words !== wordsOf(Number(count))) this.#complaints.push(`${this.#name} received a damaged message`)
    if (name === this.#name) this.echoes++
  }

  #say(): void {
    const { transport } = this
    if (!transport.open) return
    if (this.#sent - this.echoes > UNANSWERED) return transport.abortConnection(new Error('no reply'))
    transport.sendTextMessage(`${this.#name} ${this.#sent} ${wordsOf(this.#sent)}`)
    this.#sent++
    transport.reactor.callLater(SEND_MS, () => this.#say())
  }
}

/** Words without blanks: short ones, ones that are compressed, and ones of several segments. */
function wordsOf(count: number): string {
  return 'rope-'.repeat([1, 40, 2_000][count % 3] ?? 1) + count
}

const SEND_MS = 700
const UNANSWERED = 4
const ATTEMPT_MS = 5_000
const LONGEST_WAIT_MS = 8_000
/** The last fault begins within 30 s and lasts 10 s at most; one more second for retransmissions. */
const WELL_AGAIN_MS = 41_000
