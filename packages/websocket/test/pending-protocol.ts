import type { WebSocketClosed } from '../src/connection/websocket-connection.ts'
import type { WebSocketOptions } from '../src/connection/websocket-options.ts'
import { WebSocketProtocol } from '../src/connection/websocket-protocol.ts'
import { WebSocketResource } from '../src/server/websocket-resource.ts'
import { WebSocketServerFactory } from '../src/server/websocket-server-factory.ts'
import { SiteExchange } from './websocket-exchange.ts'

/** Records its callbacks. The promise of each message is pending until `settle` or `fail` is called. */
export class Pending extends WebSocketProtocol {
  readonly calls: string[] = []
  readonly closed: WebSocketClosed[] = []
  settle: () => void = () => undefined
  fail: (error: unknown) => void = () => undefined

  override textMessageReceived(text: string): unknown {
    this.calls.push(text)
    return new Promise<void>((resolve, reject) => {
      this.settle = resolve
      this.fail = reject
    })
  }
  override pongReceived(payload: Buffer): unknown {
    this.calls.push(`pong ${payload.toString()}`)
    return undefined
  }
  override connectionLost(reason: WebSocketClosed): unknown {
    this.calls.push('lost')
    this.closed.push(reason)
    return undefined
  }
}

/** Opens a WebSocket with `protocol` on the server; returns the client. */
export async function openExchange(
  protocol: WebSocketProtocol,
  options: Partial<WebSocketOptions> = {},
): Promise<SiteExchange> {
  class One extends WebSocketServerFactory {
    override buildProtocol(): WebSocketProtocol {
      return protocol
    }
  }
  const exchange = new SiteExchange(new WebSocketResource(new One(), options))
  await exchange.open()
  return exchange
}

/** An object that can be awaited, but has no other method of a promise. */
export function thenable<T>(
  then: (settled: (value?: T) => void, failed: (error: Error) => void) => void,
): PromiseLike<T> {
  // oxlint-disable-next-line unicorn/no-thenable -- the tests need a thenable
  return Object.defineProperty({}, 'then', { value: then }) as PromiseLike<T>
}
