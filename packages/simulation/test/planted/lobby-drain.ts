import type { ListeningPort } from '@ropewalk/core'
import { Site } from '@ropewalk/http'
import {
  type WebSocketClosed,
  WebSocketClientEndpoint,
  WebSocketClientFactory,
  WebSocketProtocol,
  WebSocketResource,
  WebSocketServerFactory,
} from '@ropewalk/websocket'
import type { HostReactor, SimulatedHost, Simulation } from '../../src/index.ts'
import type { Plant } from './plant.ts'

/** Rooms over WebSockets, whose server says goodbye to its guests before its process ends. */
export const lobbyDrain: Plant = {
  bug: 'WebSocket drain forgets the lobby',
  finding: /was closed with 1006 instead of 1001/,
  // The bug: a guest that has not chosen a room yet is in no room.
  planted: (sim) =>
    drainRun(sim, ({ rooms }) => Array.from(rooms.values(), (guests) => Array.from(guests)).flat()),
  // A WebSocket that opens while the server stops is closed at once, and waited for.
  mended: (sim) => drainRun(sim, ({ open }) => [...open]),
}

/** Returns the guests that must leave before the process ends. */
type Remaining = (hotel: Hotel) => readonly Guest[]

class Hotel extends WebSocketServerFactory {
  readonly open = new Set<Guest>()
  readonly rooms = new Map<string, Set<Guest>>()
  isStopping = false

  override buildProtocol(): Guest {
    return new Guest(this)
  }
}

class Guest extends WebSocketProtocol {
  readonly #hotel: Hotel

  constructor(hotel: Hotel) {
    super()
    this.#hotel = hotel
  }

  override negotiationFinished(): void {
    this.#hotel.open.add(this)
    if (this.#hotel.isStopping) this.leave()
  }

  override textMessageReceived(room: string): void {
    const guests = this.#hotel.rooms.get(room) ?? new Set()
    this.#hotel.rooms.set(room, guests.add(this))
  }

  leave(): void {
    this.transport.loseConnection(1001, 'the server stops')
  }

  override connectionLost(): void {
    this.#hotel.open.delete(this)
    for (const guests of this.#hotel.rooms.values()) guests.delete(this)
  }
}

class Client extends WebSocketProtocol {
  readonly #closed: (reason: WebSocketClosed) => void
  readonly #roomAfterMs: number

  constructor(roomAfterMs: number, closed: (reason: WebSocketClosed) => void) {
    super()
    this.#roomAfterMs = roomAfterMs
    this.#closed = closed
  }

  override negotiationFinished(): void {
    const { transport } = this
    transport.reactor.callLater(this.#roomAfterMs, () => transport.sendTextMessage('room 1'))
  }

  override connectionLost(reason: WebSocketClosed): void {
    this.#closed(reason)
  }
}

async function drainRun(sim: Simulation, remaining: Remaining): Promise<void> {
  const host: SimulatedHost = sim.host('server', async (reactor) => {
    const hotel = new Hotel()
    const port = await reactor.listenTCP(80, new Site(new WebSocketResource(hotel)))
    reactor.callLater(sim.random.between(200, 400), () => stop({ hotel, port, reactor, host, remaining }))
  })
  const codes: number[] = []
  for (let at = 0; at < 4; at++)
    sim.host(`client${at}`, (reactor) => {
      const roomAfterMs = sim.random.between(0, 300)
      const factory = WebSocketClientFactory.forProtocol(Client, roomAfterMs, ({ code }) => codes.push(code))
      reactor.callLater(sim.random.between(0, 350), () =>
        // One that comes too late is refused.
        new WebSocketClientEndpoint(reactor, 'ws://server/').connect(factory).catch(() => undefined),
      )
    })
  await sim.run(5000)
  for (const code of codes)
    if (code !== 1001) throw new Error(`a WebSocket was closed with ${code} instead of 1001`)
}

interface Stop {
  readonly hotel: Hotel
  readonly port: ListeningPort
  readonly reactor: HostReactor
  readonly host: SimulatedHost
  readonly remaining: Remaining
}

/** Sends a close frame to the guests, waits until they have left, and ends the process. */
function stop({ hotel, port, reactor, host, remaining }: Stop): void {
  hotel.isStopping = true
  void port.stopListening()
  for (const guest of remaining(hotel)) guest.leave()
  const endsMs = reactor.now() + 1000
  const look = (): void => {
    if (remaining(hotel).length === 0 || reactor.now() > endsMs) host.kill()
    else reactor.callLater(10, look)
  }
  look()
}
