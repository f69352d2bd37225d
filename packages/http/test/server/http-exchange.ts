import { MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { onTestFinished } from 'vitest'
import type { HTTPChannelOptions } from '../../src/server/channel-options.ts'
import type { HTTPChannel } from '../../src/server/http-channel.ts'
import { HTTPFactory } from '../../src/server/http-factory.ts'
import type { Request } from '../../src/server/request.ts'
import { expectNothingLeft } from './expect-nothing-left.ts'

/** A channel in memory whose factory processes each request with `process`. */
export class Exchange {
  readonly reactor = new MemoryReactor()
  readonly requests: Request[] = []
  readonly transport: StringTransport
  readonly channel: HTTPChannel

  constructor(process: (request: Request) => unknown, options: Partial<HTTPChannelOptions> = {}) {
    const { requests } = this
    const factory = new (class extends HTTPFactory {
      override process(request: Request): unknown {
        requests.push(request)
        return process(request)
      }
    })(options)
    const { reactor } = this
    this.transport = new StringTransport({ reactor })
    const channel = factory.buildProtocol(this.transport.getPeer())
    if (channel === undefined) throw new Error('Cannot test a channel that was refused')
    this.channel = channel
    this.transport.begin(channel)
    onTestFinished(() => expectNothingLeft(this.transport))
  }

  /** Makes a channel whose requests are processed by `site`. */
  static of(site: HTTPFactory): Exchange {
    return new Exchange((request) => site.process(request), site.options)
  }

  /** Sends `pieces` from the client, one segment each. */
  async send(...pieces: (string | Uint8Array)[]): Promise<void> {
    for (const piece of pieces) {
      this.transport.receive(piece)
      await this.reactor.settle()
    }
  }

  /** Returns the output since the last call, without Date. */
  async received(): Promise<string> {
    await this.reactor.settle()
    const text = this.transport.value('latin1').replaceAll(/Date: [^\r]*\r\n/g, '')
    this.transport.clear()
    return text
  }

  /** Whether the channel has closed the connection, or has sent its FIN. */
  get closed(): boolean {
    return this.transport.ended || !this.transport.connected
  }

  /** Throws unless the connection is gone, without a timer or deadline left. */
  expectNothingLeft(): void {
    this.transport.pump()
    // The peer closes after we have closed.
    if (this.transport.ended && this.transport.connected) this.transport.receiveEnd()
    const left = this.reactor.getDelayedCalls().length
    if (this.transport.connected || left > 0)
      throw new Error(
        `The connection is ${this.transport.connected ? 'there' : 'gone'}, ${left} timers are left`,
      )
  }
}

/** Responds with the request's method and path, and its body if it has one. */
export async function describeRequest(request: Request): Promise<void> {
  const body = await request.body.text()
  request.finish(`${request.method} ${request.uri}${body === '' ? '' : ` ${body}`}`)
}

/** Responds at once with the path. */
export function respondWithPath(request: Request): void {
  request.finish(request.path)
}

/** Returns a response with a body of text and its default headers. */
export function ok(body: string, extra: string = ''): string {
  const type = body === '' ? '' : TEXT_TYPE
  return `HTTP/1.1 200 OK\r\n${type}Content-Length: ${body.length}\r\n${extra}\r\n${body}`
}

/** The default type of text. */
export const TEXT_TYPE = 'Content-Type: text/html; charset=utf-8\r\n'
