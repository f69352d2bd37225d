import { Factory, LineReceiver, sleep } from '@ropewalk/core'
import { connectProtocol, TCPClientEndpoint } from '@ropewalk/core/endpoints'
import type { HostReactor } from '../../src/index.ts'

/** Replies to each line with what a function returns. */
export class Replying extends Factory {
  readonly #reply: (line: string) => Promise<string>

  constructor(reply: (line: string) => Promise<string>) {
    super()
    this.#reply = reply
  }

  override buildProtocol(): LineReceiver {
    const reply = this.#reply
    return new (class extends LineReceiver {
      override async lineReceived(line: Buffer): Promise<void> {
        this.sendLine(await reply(line.toString()))
      }
    })()
  }
}

/** Sends a line to the server on a new connection. @throws {Error} (rejects) when no reply comes. */
export async function ask(reactor: HostReactor, line: string): Promise<string> {
  const asking = new Asking(line)
  await connectProtocol(new TCPClientEndpoint(reactor, 'server', 7, { timeoutMs: PATIENCE_MS }), asking)
  return asking.reply
}

/** Calls `attempt` until it resolves. */
export async function retried<T>(reactor: HostReactor, attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch {
      await sleep(RETRY_MS, { reactor })
    }
  }
}

class Asking extends LineReceiver {
  readonly reply: Promise<string>
  readonly #line: string
  #resolve: (reply: string) => void = () => undefined
  #reject: (error: Error) => void = () => undefined

  constructor(line: string) {
    super()
    this.#line = line
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.reply.catch(() => undefined)
  }

  override connectionMade(): void {
    const { transport } = this
    this.sendLine(this.#line)
    transport.reactor.callLater(PATIENCE_MS, () => transport.abortConnection(new Error('no reply')))
  }

  override lineReceived(line: Buffer): void {
    this.#resolve(line.toString())
    this.transport.loseConnection()
  }

  override connectionLost(reason: Error): void {
    this.#reject(reason)
  }
}

const PATIENCE_MS = 1000
const RETRY_MS = 200
