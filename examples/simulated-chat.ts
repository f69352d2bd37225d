// A chat on a network that misbehaves: a hundred runs, each from a seed, with faults. What guests hear must be what was
// said, in order, whatever happens to the network.
//
//   node --import tsx simulated-chat.ts [seed]    with a seed: that run alone, as a picture in text
import { connectProtocol, Factory, LineReceiver, TCPClientEndpoint } from '@ropewalk/core'
import { simulateAll, type Simulation } from '@ropewalk/simulation'

/** A guest of the room, as the server sees one. */
class Seat extends LineReceiver<Room> {
  override connectionMade(): void {
    this.factory.seats.add(this)
  }

  override lineReceived(line: Buffer): void {
    for (const seat of this.factory.seats) seat.sendLine(line)
  }

  override connectionLost(): void {
    this.factory.seats.delete(this)
  }
}

class Room extends Factory<Seat> {
  readonly seats = new Set<Seat>()

  override buildProtocol(): Seat {
    const seat = new Seat()
    seat.factory = this
    return seat
  }
}

/** A guest at home: says ten lines, one a second, and notes what comes. */
class Guest extends LineReceiver {
  readonly name: string
  readonly heard: string[] = []

  constructor(name: string) {
    super()
    this.name = name
  }

  override connectionMade(): void {
    for (let count = 1; count <= 10; count++)
      this.transport.reactor.callLater(count * 1000, () => this.sendLine(`${this.name} ${count}`))
  }

  override lineReceived(line: Buffer): void {
    this.heard.push(line.toString())
  }
}

/** One evening. @throws {Error} (rejects) when somebody hears what was not said, or in another order. */
async function evening(sim: Simulation): Promise<void> {
  sim.host('server', (reactor) => reactor.listenTCP(7, new Room()))
  const guests = ['ann', 'bob', 'cleo'].map((name) => new Guest(name))
  for (const guest of guests)
    sim.host(guest.name, async (reactor) => {
      // Who comes while the server is down stays at home.
      await connectProtocol(new TCPClientEndpoint(reactor, 'server', 7), guest).catch(() => undefined)
    })
  sim.injectFaults({ withinMs: 10_000, kinds: ['hold', 'reset', 'slow link', 'slow reader', 'stand still'] })
  await sim.run(60_000)
  for (const { name, heard } of guests)
    for (const speaker of guests.map((guest) => guest.name)) {
      const counts = heard
        .filter((line) => line.startsWith(`${speaker} `))
        .map((line) => Number(line.split(' ')[1]))
      const first = counts[0] ?? 0
      if (counts.some((count, at) => count !== first + at))
        throw new Error(`${name} heard ${speaker} say ${counts.join(', ')}`)
    }
}

const [seed] = process.argv.slice(2)
const { runs, faults } = await simulateAll(
  async (sim) => {
    await evening(sim)
    if (seed !== undefined) console.log(sim.diagram({ untilMs: 3000 }))
  },
  seed === undefined ? { runs: 100 } : { only: seed },
)
console.log(`${runs} runs with these faults, and everybody heard what was said:`, faults)
