// A prompt for a line server: sends the lines you type and prints the lines it receives. Ctrl-D ends it,
// after the server's last line. Start examples/chat-lines.ts, and try it with:
// npm run example examples/stdio-repl.ts tcp:127.0.0.1:8080
import {
  type ConnectionClosed,
  ConnectionDone,
  Factory,
  type HalfCloseable,
  LineReceiver,
  reactor,
} from '@ropewalk/core'
import { clientFromString } from '@ropewalk/core/endpoints'

/** The connection to the server: prints its lines. */
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

/** Standard input and output: sends the lines you type to the server. */
class Prompt extends LineReceiver implements HalfCloseable {
  override delimiter = Buffer.from('\n')
  readonly #server: Conversation

  constructor(server: Conversation) {
    super()
    this.#server = server
  }

  /**
   * While the server reads slowly, the returned promise holds further lines, so that memory stays bounded.
   */
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
