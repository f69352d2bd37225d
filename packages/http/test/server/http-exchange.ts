import { MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { onTestFinished } from 'vitest'
import type { HTTPChannelOptions } from '../../src/server/channel-options.ts'
import type { HTTPChannel } from '../../src/server/http-channel.ts'
import { HTTPFactory } from '../../src/server/http-factory.ts'
import type { Request } from '../../src/server/request.ts'
import { expectNothingLeft } from './expect-nothing-left.ts'

/** A channel in memory, and what its factory does with each request. */
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

  /** A channel whose requests are processed as `site` does. */
  static of(site: HTTPFactory): Exchange {
    return new Exchange((request) => site.process(request), site.options)
  }

  /** The client sends `pieces`, one segment each. */
  async send(...pieces: (string | Uint8Array)[]): Promise<void> {
    for (const piece of pieces) {
      this.transport.receive(piece)
      await this.reactor.settle()
    }
  }

  /** What came back since the last call, the Date left out. */
  async received(): Promise<string> {
    await this.reactor.settle()
    const text = this.transport.value('latin1').replaceAll(/Date: [^\r]*\r\n/g, '')
    this.transport.clear()
    return text
  }

  /** Whether the channel has closed the connection, or said that it will send no more. */
  get closed(): boolean {
    return this.transport.ended || !this.transport.connected
  }

  /** Fails unless the connection is gone, and no timer or deadline of it is left. */
  expectNothingLeft(): void {
    this.transport.pump()
    // The peer closes too, once we have.
    if (this.transport.ended && this.transport.connected) this.transport.receiveEnd()
    const left = this.reactor.getDelayedCalls().length
    if (this.transport.connected || left > 0)
      throw new Error(
        `The connection is ${this.transport.connected ? 'there' : 'gone'}, ${left} timers are left`,
      )
  }
}

/** Answers with the request's method and path, and its body if it has one. */
export async function describeRequest(request: Request): Promise<void> {
  const body = await request.body.text()
  request.finish(`${request.method} ${request.uri}${body === '' ? '' : ` ${body}`}`)
}

/** Answers at once with the path. */
export function answerPath(request: Request): void {
  request.finish(request.path)
}

/** A response with a body of text, and the headers it has by itself. */
export function ok(body: string, extra: string = ''): string {
  const type = body === '' ? '' : TEXT_TYPE
  return `HTTP/1.1 200 OK\r\n${type}Content-Length: ${body.length}\r\n${extra}\r\n${body}`
}

/** The type of text that its author gave none. */
export const TEXT_TYPE = 'Content-Type: text/html; charset=utf-8\r\n'
