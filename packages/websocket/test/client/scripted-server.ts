import { Factory, Protocol } from '@ropewalk/core'
import { leftovers, MemoryReactor } from '@ropewalk/core/testing'
import { onTestFinished } from 'vitest'
import { acceptFor } from '../../src/handshake/opening-handshake.ts'

/** The fields of a 101 that opens the WebSocket of a request. `fields` replaces or adds some; undefined removes one. */
export function opened(request: string, fields: Record<string, string | undefined> = {}): string {
  const key = /^Sec-WebSocket-Key: (.*)$/m.exec(request)?.[1] ?? ''
  const usual = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': acceptFor(key.trim()) }
  const lines = Object.entries({ ...usual, ...fields }).filter(([, value]) => value !== undefined)
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

/** Returns the pieces that a server sends for a request, each in a turn of its own. */
export type Script = (request: string) => readonly (string | Uint8Array)[]

/** A server in memory, which sends what a script returns for each request. */
export class ScriptedServer extends Factory {
  readonly reactor: MemoryReactor
  /** The heads of the requests. */
  readonly requests: string[] = []
  /** What the client sent after its request, on all connections. */
  received: Buffer = Buffer.alloc(0)
  readonly connections: Protocol[] = []
  script: Script

  constructor(script: Script, reactor: MemoryReactor = new MemoryReactor()) {
    super()
    this.script = script
    this.reactor = reactor
  }

  /** Listens on a port, or at the path of a UNIX socket. After the test, nothing may be left open. */
  static async listening(script: Script, where: number | string = 80): Promise<ScriptedServer> {
    const server = new ScriptedServer(script)
    const { reactor } = server
    if (typeof where === 'number') await reactor.listenTCP(where, server)
    else await reactor.listenUNIX(where, server)
    onTestFinished(async () => {
      for (const transport of reactor.connections) transport.abortConnection()
      await reactor.settle()
      const left = [...leftovers(reactor), ...reactor.flushLoggedErrors().map(String)]
      if (left.length > 0) throw new Error(`The test left open or logged: ${left.join(', ')}`)
    })
    return server
  }

  override buildProtocol(): Protocol {
    const protocol = new Scripted(this)
    this.connections.push(protocol)
    return protocol
  }

  /** Lets everything happen that is under way, and returns how a promise has settled. */
  async outcome<T>(promise: Promise<T>): Promise<{ value?: T; error?: unknown; pending?: true }> {
    let outcome: { value?: T; error?: unknown; pending?: true } = { pending: true }
    promise.then(
      (value) => (outcome = { value }),
      (error: unknown) => (outcome = { error }),
    )
    await this.settle()
    return outcome
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (;;) {
      await this.reactor.settle()
      const due = this.reactor.getDelayedCalls().some((call) => call.getTime() <= this.reactor.now())
      if (!due) return
      this.reactor.advance(0)
    }
  }
}

class Scripted extends Protocol {
  readonly #server: ScriptedServer
  #head: string | undefined = ''

  constructor(server: ScriptedServer) {
    super()
    this.#server = server
  }

  override dataReceived(data: Buffer): void {
    if (this.#head === undefined) {
      this.#server.received = Buffer.concat([this.#server.received, data])
      return
    }
    this.#head += data.toString('latin1')
    if (!this.#head.endsWith('\r\n\r\n')) return
    this.#server.requests.push(this.#head)
    const pieces = this.#server.script(this.#head)
    // After a CONNECT this server is both the proxy and the host.
    this.#head = this.#head.startsWith('CONNECT ') ? '' : undefined
    this.#send(pieces)
  }

  #send([piece, ...rest]: readonly (string | Uint8Array)[]): void {
    if (piece === undefined) return
    this.transport.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)
    this.transport.reactor.callLater(0, () => this.#send(rest))
  }
}
