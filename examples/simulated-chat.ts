// A chat on a simulated network with faults: a hundred runs, each from its own seed. Every client must
// receive the lines of each client in order and without gaps, whatever happens to the network.
//
//   node --import tsx simulated-chat.ts [seed]    with a seed: only that run, drawn as a text diagram
import { Factory, LineReceiver } from '@ropewalk/core'
import { connectProtocol, TCPClientEndpoint } from '@ropewalk/core/endpoints'
import { simulateAll, type Simulation } from '@ropewalk/simulation'

/** The server's side of one connection: sends each line to all connections. */
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

/** A client: sends ten lines, one per second, and records the lines it receives. */
class Guest extends LineReceiver {
  readonly name: string
  readonly received: string[] = []

  constructor(name: string) {
    super()
    this.name = name
  }

  override connectionMade(): void {
    for (let count = 1; count <= 10; count++)
      this.transport.reactor.callLater(count * 1000, () => this.sendLine(`${this.name} ${count}`))
  }

  override lineReceived(line: Buffer): void {
    this.received.push(line.toString())
  }
}

/** One run. @throws {Error} (rejects) when a client receives lines out of order or with a gap. */
async function evening(sim: Simulation): Promise<void> {
  sim.host('server', (reactor) => reactor.listenTCP(7, new Room()))
  const guests = ['ann', 'bob', 'cleo'].map((name) => new Guest(name))
  for (const guest of guests)
    sim.host(guest.name, async (reactor) => {
      // A client whose connection attempt fails does not take part.
      await connectProtocol(new TCPClientEndpoint(reactor, 'server', 7), guest).catch(() => undefined)
    })
  sim.injectFaults({ withinMs: 10_000, kinds: ['hold', 'reset', 'slow link', 'slow reader', 'stand still'] })
  await sim.run(60_000)
  for (const { name, received } of guests)
    for (const sender of guests.map((guest) => guest.name)) {
      const counts = received
        .filter((line) => line.startsWith(`${sender} `))
        .map((line) => Number(line.split(' ')[1]))
      const first = counts[0] ?? 0
      if (counts.some((count, at) => count !== first + at))
        throw new Error(`${name} received the lines ${counts.join(', ')} from ${sender}`)
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
console.log(`${runs} runs, in which every client received its lines in order. The faults:`, faults)
