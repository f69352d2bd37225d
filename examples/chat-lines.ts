// A line chat for many: the first line is your name, then what you type goes to everybody; /quit leaves.
// Try it with two terminals: nc -C 127.0.0.1 8080
import {
  Factory,
  formatAddress,
  IdleTimeout,
  LimitConnectionsByPeer,
  LimitTotalConnections,
  LineReceiver,
  reactor,
  serverFromString,
  WrappingFactory,
} from '@ropewalk/core'

/** One person. What people share, the room, belongs to the factory. */
class Chatter extends LineReceiver<ChatRoom> {
  override maxLengthBytes = 1000
  name = ''

  override connectionMade(): void {
    this.sendLine('What is your name?')
  }

  override lineReceived(line: Buffer): void {
    const text = line.toString().trim()
    if (text === '/quit') this.transport.loseConnection()
    else if (this.name === '') this.#join(text)
    else if (text !== '') this.factory.tell(`<${this.name}> ${text}`, this)
  }

  override connectionLost(): void {
    if (this.name !== '') this.factory.leave(this)
  }

  #join(name: string): void {
    if (!/^\w{1,20}$/.test(name)) this.sendLine('A name has 1 to 20 letters or digits. What is your name?')
    else if (!this.factory.enter(name, this)) this.sendLine('That name is taken. What is your name?')
    else this.name = name
  }
}

class ChatRoom extends Factory<Chatter> {
  readonly #people = new Map<string, Chatter>()

  override buildProtocol(): Chatter {
    const chatter = new Chatter()
    chatter.factory = this
    return chatter
  }

  /** @returns false when the name is taken. */
  enter(name: string, chatter: Chatter): boolean {
    if (this.#people.has(name)) return false
    chatter.sendLine(`Welcome, ${name}. Here: ${[...this.#people.keys()].join(', ') || 'nobody yet'}.`)
    this.#people.set(name, chatter)
    this.tell(`* ${name} has come`, chatter)
    return true
  }

  leave(chatter: Chatter): void {
    this.#people.delete(chatter.name)
    this.tell(`* ${chatter.name} has left`, chatter)
  }

  /** Tells everybody but `from`. Who reads too slowly is not waited for, and not remembered for ever: it goes. */
  tell(line: string, from: Chatter): void {
    for (const chatter of this.#people.values()) {
      if (chatter === from) continue
      chatter.sendLine(line)
      if (chatter.transport.bufferedBytes > MOST_BYTES_BEHIND)
        chatter.transport.abortConnection(new Error('Reads too slowly'))
    }
  }
}

const MOST_BYTES_BEHIND = 1024 * 1024

try {
  const endpoint = serverFromString(reactor, process.argv[2] ?? 'tcp:8080:interface=127.0.0.1')
  // Nobody fills the room alone, and nobody sits in it asleep.
  const limits = [new LimitTotalConnections(500), new LimitConnectionsByPeer(20), new IdleTimeout(3_600_000)]
  const port = await endpoint.listen(new WrappingFactory(new ChatRoom(), limits))
  reactor.callWhenRunning(() =>
    console.log(`Listening on ${formatAddress(port.getHost())}. Press Ctrl-C to stop.`),
  )
  await reactor.run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
