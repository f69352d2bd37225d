import type { WebSocketConnection } from './websocket-connection.ts'
import type { ServerOpening } from './opening.ts'
import type { SendStatus } from './outbox.ts'
import type { WebSocketProtocol } from './websocket-protocol.ts'
import { WebSocketTransport } from './websocket-transport.ts'
import {
  type Address,
  type ConnectionClosed,
  isConnectionEnd,
  type PullProducer,
  type PushProducer,
  type Reactor,
} from '@ropewalk/core'
import { callSafely } from '@ropewalk/core/reactor'
import type { Request } from '@ropewalk/http'
import { NO_FRAMES } from './closing-handshake.ts'

/**
 * Notifies a protocol that its WebSocket does not open: calls `negotiationStarted` and `connectionLost`.
 * Errors that they throw or reject with are logged.
 *
 * @param cause Why it does not open.
 */
export function abandon(protocol: WebSocketProtocol, request: Request, cause: ConnectionClosed): void {
  const failed = (error: unknown): void => {
    if (isConnectionEnd(error, cause)) return
    const text = 'A callback of a WebSocket protocol failed; its WebSocket did not open'
    request.reactor.log({ level: 'error', namespace: 'ropewalk.websocket', text, source: protocol, error })
  }
  const transport = new WebSocketTransport(new GoneConnection(request, cause))
  void callSafely(() => protocol.negotiationStarted(transport), failed)
  void callSafely(() => protocol.connectionLost({ ...NO_FRAMES, cause }), failed)
}

/** Stands in for a WebSocket that never opened: a send is dropped, and a producer is stopped at once. */
class GoneConnection implements WebSocketConnection {
  readonly opening: ServerOpening
  readonly open = false
  readonly signal: AbortSignal
  readonly bufferedBytes = 0

  /** @param cause Why it never opened. */
  constructor(request: Request, cause: ConnectionClosed) {
    this.opening = { role: 'server', request }
    this.signal = AbortSignal.abort(cause)
  }

  get reactor(): Reactor {
    return this.opening.request.reactor
  }

  sendText(): SendStatus {
    return 'dropped'
  }

  sendBytes(): SendStatus {
    return 'dropped'
  }

  sendPrepared(): SendStatus {
    return 'dropped'
  }

  sendPatiently(): Promise<boolean> {
    return Promise.resolve(false)
  }

  takeTurn(): boolean {
    return false
  }

  sendPing(): SendStatus {
    return 'dropped'
  }

  drained(): Promise<boolean> {
    return Promise.resolve(false)
  }

  registerProducer(producer: PushProducer | PullProducer): void {
    producer.stopProducing()
  }

  unregisterProducer(): void {}

  close(): void {}

  fail(): void {}

  fault(): void {}

  abort(): void {}

  pause(): void {}

  resume(): void {}

  getPeer(): Address {
    return this.opening.request.getClientAddress()
  }

  getHost(): Address {
    return this.opening.request.getHost()
  }
}
