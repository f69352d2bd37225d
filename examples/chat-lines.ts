// A chat server for lines. The first line that a client sends is its name; every later line is sent to all
// other clients, and /quit leaves. Try it with two terminals: nc -C 127.0.0.1 8080
import { Factory, formatAddress, LineReceiver, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import {
  IdleTimeout,
  LimitConnectionsByPeer,
  LimitTotalConnections,
  WrappingFactory,
} from '@ropewalk/core/policies'

/** The connection of one client. The state that clients share belongs to the factory. */
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
    else if (text !== '') this.factory.broadcast(`<${this.name}> ${text}`, this)
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
  readonly #chatters = new Map<string, Chatter>()

  override buildProtocol(): Chatter {
    const chatter = new Chatter()
    chatter.factory = this
    return chatter
  }

  /** @returns false when the name is taken. */
  enter(name: string, chatter: Chatter): boolean {
    if (this.#chatters.has(name)) return false
    chatter.sendLine(`Welcome, ${name}. Here: ${[...this.#chatters.keys()].join(', ') || 'no others yet'}.`)
    this.#chatters.set(name, chatter)
    this.broadcast(`* ${name} has joined`, chatter)
    return true
  }

  leave(chatter: Chatter): void {
    this.#chatters.delete(chatter.name)
    this.broadcast(`* ${chatter.name} has left`, chatter)
  }

  /**
   * Sends a line to all clients except `from`. Aborts a client that reads too slowly, so that its queue stays
   * bounded.
   */
  broadcast(line: string, from: Chatter): void {
    for (const chatter of this.#chatters.values()) {
      if (chatter === from) continue
      chatter.sendLine(line)
      if (chatter.transport.bufferedBytes > MAX_QUEUED_BYTES)
        chatter.transport.abortConnection(new Error('The client reads too slowly'))
    }
  }
}

const MAX_QUEUED_BYTES = 1024 * 1024

try {
  const endpoint = serverFromString(reactor, process.argv[2] ?? 'tcp:8080:interface=127.0.0.1')
  // At most 20 connections from one address, and none that is idle for more than an hour.
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
