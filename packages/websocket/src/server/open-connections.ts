import { HTTPError } from '@ropewalk/http'
import type { WebSocketProtocol } from '../connection/websocket-protocol.ts'
import { HeldBytes } from './held-bytes.ts'
import { type ConnectionRules, WatchedConnection } from './watched-connection.ts'
import type { WebSocketResourceOptions } from './websocket-resource-options.ts'

/** The connections of a resource: counts them, and makes the watch of each. */
export class OpenConnections {
  readonly #maxConnections: number
  readonly #rules: ConnectionRules
  #count = 0

  /** @param connections The protocols of open WebSockets are added to it, and removed at their end. */
  constructor(options: WebSocketResourceOptions, connections: Set<WebSocketProtocol>) {
    const { maxConnections, maxHeldBytes } = options
    this.#maxConnections = maxConnections
    this.#rules = {
      ...options,
      heldBytes: maxHeldBytes === Infinity ? undefined : new HeldBytes(maxHeldBytes, () => this.#count),
      connections,
      released: () => this.#count--,
    }
  }

  /**
   * Admits one handshake. The caller calls `lost` of the watch unless it passes the connection to a channel.
   *
   * @throws {HTTPError} 503 when there are `maxConnections`.
   */
  admit(): WatchedConnection {
    if (this.#count >= this.#maxConnections) throw HTTPError.withoutStack(503, undefined, { headers: RETRY })
    this.#count++
    return new WatchedConnection(this.#rules)
  }
}

const RETRY = [['Retry-After', '10']] as const
