// A prompt for a server of lines: what you type goes there, what it says comes back. Ctrl-D ends it, behind the last answer.
// Try it with: npm run example examples/stdio-repl.ts tcp:127.0.0.1:8080, against examples/chat-lines.ts
import {
  clientFromString,
  type ConnectionClosed,
  ConnectionDone,
  Factory,
  type HalfCloseable,
  LineReceiver,
  reactor,
} from '@ropewalk/core'

/** What the server says. */
class Conversation extends LineReceiver {
  readonly #prompt = new Prompt(this)

  override connectionMade(): void {
    reactor.standardIO(this.#prompt)
  }

  override lineReceived(line: Buffer) {
    return this.#prompt.sendLine(line) || drained(this.#prompt)
  }

  override connectionLost(reason: ConnectionClosed): void {
    this.#prompt.transport.loseConnection()
    if (!(reason instanceof ConnectionDone)) {
      console.error(reason.message)
      process.exitCode = 1
    }
    reactor.callWhenRunning(() => reactor.stop())
  }
}

/** What you type. */
class Prompt extends LineReceiver implements HalfCloseable {
  override delimiter = Buffer.from('\n')
  readonly #server: Conversation

  constructor(server: Conversation) {
    super()
    this.#server = server
  }

  /** A server that reads slowly makes you wait; nothing piles up. */
  override lineReceived(line: Buffer) {
    return this.#server.sendLine(line) || drained(this.#server)
  }

  readConnectionLost(): void {
    this.#server.transport.loseWriteConnection()
  }

  override connectionLost(): void {
    this.#server.transport.loseConnection()
  }
}

async function drained({ transport }: LineReceiver): Promise<void> {
  await transport.drained()
}

try {
  const endpoint = clientFromString(reactor, process.argv[2] ?? 'tcp:127.0.0.1:8080')
  await endpoint.connect(Factory.forProtocol(Conversation))
  await reactor.run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
