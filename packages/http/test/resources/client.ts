import { type Address, tcpAddress } from '@ropewalk/core'
import { leftovers, MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { expect, onTestFinished } from 'vitest'
import type { Request } from '../../src/server/request.ts'
import type { RenderResult } from '../../src/site/render-result.ts'
import { Resource } from '../../src/site/resource.ts'
import { Site } from '../../src/site/site.ts'

/** What a test sends. */
export interface Asked {
  readonly method?: string
  readonly headers?: readonly string[]
  readonly body?: string
  /** The host and port from which the client connects. */
  readonly from?: Address
}

/** What a client receives. */
export interface Received {
  readonly status: number
  readonly body: string
  /** All values of a header. */
  all(name: string): string[]
  /** The only value of a header; undefined when it was not sent. */
  header(name: string): string | undefined
}

/** Clients of one site in memory. Each request has a connection of its own. */
export class Clients {
  readonly reactor = new MemoryReactor()
  readonly #site: Site
  readonly #secure: boolean
  readonly #transports: StringTransport[] = []

  constructor(root: Resource, { https = false } = {}) {
    this.#site = new Site(root)
    this.#secure = https
    onTestFinished(() => this.#expectNothingLeft())
  }

  /** Sends a request, and returns the response once nothing more happens. */
  async ask(path: string, asked: Asked = {}): Promise<Received> {
    return this.begin(path, asked).received()
  }

  /** Sends a request that is not responded to at once. */
  begin(path: string, { method = 'GET', headers = [], body, from }: Asked = {}): Pending {
    const { reactor } = this
    const Transport = this.#secure ? SecureTransport : StringTransport
    const transport = new Transport({ reactor, peerAddress: from ?? tcpAddress('192.0.2.1', 5_000) })
    const channel = this.#site.buildProtocol(transport.getPeer())
    if (channel === undefined) throw new Error('Cannot test a channel that was refused')
    transport.begin(channel)
    this.#transports.push(transport)
    const length = body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]
    const host = headers.some((line) => /^host:/i.test(line)) ? [] : ['Host: example.org']
    const head = [`${method} ${path} HTTP/1.1`, ...host, ...headers, ...length]
    transport.receive(`${head.join('\r\n')}\r\n\r\n${body ?? ''}`)
    return new Pending(transport)
  }

  /** Aborts all connections, and expects that no deadline, count or timer of them is left. */
  async #expectNothingLeft(): Promise<void> {
    for (const transport of this.#transports) transport.abortConnection()
    await this.reactor.settle()
    const left = leftovers(this.reactor)
    if (left.length > 0) throw new Error(`The test has left ${left.join(', ')}`)
  }
}

/** A request on its way. */
export class Pending {
  readonly transport: StringTransport

  constructor(transport: StringTransport) {
    this.transport = transport
  }

  /** Returns the response once nothing more happens. */
  async received(): Promise<Received> {
    await this.transport.reactor.settle()
    return parse(this.transport.value('utf8'))
  }

  /** Aborts the connection, as a client that leaves. */
  leave(): void {
    this.transport.receiveReset()
  }
}

/** Responds with what `respond` returns, for every path below it too. */
export function responding(respond: (request: Request) => RenderResult): Resource {
  class Responding extends Resource {
    override readonly isLeaf = true
    override render_GET(request: Request): RenderResult {
      return respond(request)
    }
    override render_POST(request: Request): RenderResult {
      return respond(request)
    }
  }
  return new Responding()
}

/** A resource with the children `a`, and `a/b`, each of which responds with its name. */
export function tree(): Resource {
  const [root, a, b] = [new Named('root'), new Named('a'), new Named('b')]
  root.putChild('a', a)
  a.putChild('b', b)
  return root
}

class Named extends Resource {
  readonly #name: string
  constructor(name: string) {
    super()
    this.#name = name
  }
  override render_GET({ prepath, postpath }: Request): string {
    return `${this.#name} ${prepath.join('/')} ${postpath.join('/')}`.trim()
  }
}

class SecureTransport extends StringTransport {
  override get tlsSession(): never {
    return { alpnProtocol: undefined } as never
  }
}

function parse(text: string): Received {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [line = '', ...lines] = head.split('\r\n')
  const all = (name: string): string[] =>
    lines.flatMap((one) =>
      one.toLowerCase().startsWith(`${name.toLowerCase()}: `) ? [one.slice(name.length + 2)] : [],
    )
  return {
    status: Number(line.slice(9, 12)),
    body: rest.join('\r\n\r\n'),
    all,
    header(name) {
      const values = all(name)
      expect(values.length).toBeLessThan(2)
      return values[0]
    },
  }
}
