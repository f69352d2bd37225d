import { connectProtocol, Factory, LineReceiver, Protocol, TCPClientEndpoint } from '@ropewalk/core'
import type { Simulation } from '../../src/index.ts'

/** Says everything to everybody; how lines are found is for the protocols to say. */
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

  say(line: string): void {
    for (const { transport } of this.guests) transport.write(`${line}\r\n`)
  }
}

/** Believes that a line comes in one piece. */
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
    this.#chat.say(data.toString().trim())
  }

  override connectionLost(): void {
    this.#chat.guests.delete(this)
  }
}

/** Knows better. */
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
    this.#chat.say(line.toString())
  }

  override connectionLost(): void {
    this.#chat.guests.delete(this)
  }
}

/** Two guests, of whom one says something. @throws {Error} (rejects) unless both hear it as it was said. */
export async function evening(sim: Simulation, Guest: new (chat: Chat) => Protocol): Promise<void> {
  const heard: string[] = []
  class Listener extends LineReceiver {
    override lineReceived(line: Buffer): void {
      heard.push(line.toString())
    }
  }
  sim.host('server', (reactor) => reactor.listenTCP(7, new Chat(Guest)))
  sim.host('bob', (reactor) => connectProtocol(new TCPClientEndpoint(reactor, 'server', 7), new Listener()))
  sim.host('ann', async (reactor) => {
    const ann = await connectProtocol(new TCPClientEndpoint(reactor, 'server', 7), new Listener())
    reactor.callLater(1000, () => ann.sendLine('good evening, everybody'))
  })
  await sim.run(10_000)
  const wrong = heard.find((line) => line !== 'good evening, everybody')
  if (wrong !== undefined || heard.length !== 2) throw new Error(`heard ${heard.join(' | ')}`)
}
