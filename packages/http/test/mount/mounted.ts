import type { HTTPChannelOptions } from '../../src/server/channel-options.ts'
import type { Request } from '../../src/server/request.ts'
import { Resource } from '../../src/site/resource.ts'
import { Site } from '../../src/site/site.ts'
import { Exchange } from '../server/http-exchange.ts'

/** A response as the client received it. */
export interface Received {
  readonly status: number
  /** The head's lines, without Date, in the order in which they were sent. */
  readonly head: string
  readonly body: string
}

/** A mounted program and the client's end of one connection to its site. */
export class Mounted {
  readonly exchange: Exchange

  /** @param path The segment below the root at which the program is mounted; '' for the root itself. */
  constructor(program: Resource, path: string = '', options: Partial<HTTPChannelOptions> = {}) {
    let root = program
    if (path !== '') {
      root = new Resource()
      root.putChild(path, program)
    }
    this.exchange = Exchange.of(new Site(root, options))
  }

  /** The request that was made last. */
  get request(): Request {
    const request = this.exchange.requests.at(-1)
    if (request === undefined) throw new Error('Cannot return a request: none was made')
    return request
  }

  /** Sends a request and waits for its response. */
  async ask(method: string, target: string, ...rest: Rest): Promise<Received> {
    await this.exchange.send(...requestPieces(method, target, rest))
    return this.response()
  }

  /** Waits for the end of the last request and returns its response. */
  async response(): Promise<Received> {
    await this.request.finished
    // What listeners of Node's streams still do.
    await new Promise((resolve) => setImmediate(resolve))
    return parsed(await this.exchange.received())
  }

  /** Lets streams, files and promise jobs go on until `holds` returns true. */
  async until(holds: () => boolean): Promise<void> {
    for (let turns = 0; !holds(); turns++) {
      if (turns > 20_000) throw new Error(`Waited in vain for: ${String(holds)}`)
      await new Promise((resolve) => setImmediate(resolve))
      await this.exchange.reactor.settle()
    }
  }

  /** The messages of what the site has logged as errors or warnings. */
  get logged(): string[] {
    return this.exchange.reactor.logged
      .filter(({ level }) => level === 'error' || level === 'warn')
      .map(({ error, text }) => (error instanceof Error ? error.message : text))
  }
}

/** Header lines of a request, without CRLF, and its body. */
type Rest = readonly [headers?: readonly string[], body?: string | Uint8Array]

/** The bytes of a request, with the length of its body. */
export function requestPieces(
  method: string,
  target: string,
  [headers = [], body = '']: Rest = [],
): (string | Uint8Array)[] {
  const length = body.length === 0 ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]
  const lines = [`${method} ${target} HTTP/1.1`, 'Host: example.org', ...headers, ...length]
  return [`${lines.join('\r\n')}\r\n\r\n`, body]
}

/** Reads one response, and the chunks of its body. */
export function parsed(text: string): Received {
  const end = text.indexOf('\r\n\r\n')
  const head = text.slice(0, end)
  const rest = text.slice(end + 4)
  const body = /^Transfer-Encoding: chunked$/im.test(head) ? dechunked(rest) : rest
  return { status: Number(head.split(' ')[1]), head, body }
}

function dechunked(text: string): string {
  let body = ''
  for (let at = 0; ;) {
    const lineEnd = text.indexOf('\r\n', at)
    const bytes = Number.parseInt(text.slice(at, lineEnd), 16)
    if (!(bytes > 0)) return body
    body += text.slice(lineEnd + 2, lineEnd + 2 + bytes)
    at = lineEnd + 2 + bytes + 2
  }
}
