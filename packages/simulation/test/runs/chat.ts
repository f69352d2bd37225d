import { Factory, LineReceiver, Protocol } from '@ropewalk/core'
import { connectProtocol, TCPClientEndpoint } from '@ropewalk/core/endpoints'
import type { Simulation } from '../../src/index.ts'

/** A chat that sends each line to all guests. Its protocols find the lines. */
export class Chat extends Factory {
  readonly guests = new Set<Protocol>()
  readonly #Guest: new (chat: Chat) => Protocol

  constructor(Guest: new (chat: Chat) => Protocol) {
    super()
    this.#Guest = Guest
  }

  override buildProtocol(): Protocol {
    return new this.#Guest(this)
  }

  sendToAll(line: string): void {
    for (const { transport } of this.guests) transport.write(`${line}\r\n`)
  }
}

/** Wrong: it takes each chunk for a whole line. */
export class BrokenGuest extends Protocol {
  readonly #chat: Chat

  constructor(chat: Chat) {
    super()
    this.#chat = chat
  }

  override connectionMade(): void {
    this.#chat.guests.add(this)
  }

  override dataReceived(data: Buffer): void {
    this.#chat.sendToAll(data.toString().trim())
  }

  override connectionLost(): void {
    this.#chat.guests.delete(this)
  }
}

/** Correct: it splits the stream into lines. */
export class MendedGuest extends LineReceiver {
  readonly #chat: Chat

  constructor(chat: Chat) {
    super()
    this.#chat = chat
  }

  override connectionMade(): void {
    this.#chat.guests.add(this)
  }

  override lineReceived(line: Buffer): void {
    this.#chat.sendToAll(line.toString())
  }

  override connectionLost(): void {
    this.#chat.guests.delete(this)
  }
}

/**
 * Connects two guests, one of which sends a line.
 *
 * @throws {Error} (rejects) unless both receive exactly that line.
 */
export async function evening(sim: Simulation, Guest: new (chat: Chat) => Protocol): Promise<void> {
  const received: string[] = []
  class Listener extends LineReceiver {
    override lineReceived(line: Buffer): void {
      received.push(line.toString())
    }
  }
  sim.host('server', (reactor) => reactor.listenTCP(7, new Chat(Guest)))
  sim.host('bob', (reactor) => connectProtocol(new TCPClientEndpoint(reactor, 'server', 7), new Listener()))
  sim.host('ann', async (reactor) => {
    const ann = await connectProtocol(new TCPClientEndpoint(reactor, 'server', 7), new Listener())
    // Long after bob is connected, whatever his network loses.
    reactor.callLater(20_000, () => ann.sendLine('good evening, everyone!'))
  })
  await sim.run(60_000)
  const wrong = received.find((line) => line !== 'good evening, everyone!')
  if (wrong !== undefined || received.length !== 2) throw new Error(`received ${received.join(' | ')}`)
}
