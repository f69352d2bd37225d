import { leftovers, MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { type Resource, Site, type SiteOptions } from '@ropewalk/http'
import { onTestFinished } from 'vitest'
import { handshake } from './websocket-exchange.ts'

/**
 * A site in memory with any number of clients. After the test, it checks that the reactor has nothing open or
 * scheduled.
 */
export class ManyClients {
  readonly reactor = new MemoryReactor()
  readonly #site: Site
  readonly #clients: Client[] = []

  constructor(root: Resource, options: Partial<SiteOptions> = {}) {
    this.#site = new Site(root, options)
    onTestFinished(() => this.#expectNothingLeft())
  }

  /** Connects, and sends nothing. */
  connect(): Client {
    const transport = new StringTransport({ reactor: this.reactor })
    const channel = this.#site.buildProtocol(transport.getPeer())
    if (channel === undefined) throw new Error('The site refused the connection')
    transport.begin(channel)
    const client = new Client(transport)
    this.#clients.push(client)
    return client
  }

  /** Connects, and sends an opening handshake. */
  async asking(fields: Record<string, string | undefined> = {}, requestLine?: string): Promise<Client> {
    const client = this.connect()
    await client.send(handshake(fields, requestLine))
    return client
  }

  /** Opens a WebSocket, and discards the response. */
  async open(fields: Record<string, string | undefined> = {}): Promise<Client> {
    const client = await this.asking(fields)
    const head = client.received().toString('latin1')
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`Cannot open a WebSocket: ${head}`)
    return client
  }

  async advance(ms: number): Promise<void> {
    this.reactor.advance(ms)
    await this.reactor.settle()
  }

  async #expectNothingLeft(): Promise<void> {
    for (const { transport } of this.#clients) transport.abortConnection()
    await this.reactor.settle()
    const left = leftovers(this.reactor)
    if (left.length > 0) throw new Error(`The test left open: ${left.join(', ')}`)
  }
}

/** One client of ManyClients. */
export class Client {
  readonly transport: StringTransport

  constructor(transport: StringTransport) {
    this.transport = transport
  }

  /** Sends each piece as one segment. */
  async send(...pieces: (string | Uint8Array)[]): Promise<void> {
    for (const piece of pieces) {
      this.transport.receive(piece)
      await this.transport.reactor.settle()
    }
  }

  /** The bytes received since the last call. */
  received(): Buffer {
    const bytes = this.transport.bytes()
    this.transport.clear()
    return bytes
  }

  /** The status of the response that was received; the bytes of it stay. */
  get status(): number {
    return Number(this.transport.value('latin1').slice(9, 12))
  }

  /** Whether the server has sent its FIN or closed the connection. */
  get closed(): boolean {
    return this.transport.ended || !this.transport.connected
  }
}
