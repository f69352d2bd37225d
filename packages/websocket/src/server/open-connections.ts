import { HTTPError } from '@ropewalk/http'
import type { WebSocketProtocol } from '../connection/websocket-protocol.ts'
import { HeldBytes } from './held-bytes.ts'
import { type ConnectionRules, WatchedConnection } from './watched-connection.ts'
import type { WebSocketResourceOptions } from './websocket-resource-options.ts'

/** The connections of a resource: counts them, makes the watch of each, and closes them. */
export class OpenConnections {
  readonly #maxConnections: number
  readonly #rules: ConnectionRules
  /** From the admission to the end of each. */
  readonly #admitted = new Set<WatchedConnection>()
  #refusesNew = false

  /** @param connections The protocols of open WebSockets are added to it, and removed at their end. */
  constructor(options: WebSocketResourceOptions, connections: Set<WebSocketProtocol>) {
    const { maxConnections, maxHeldBytes } = options
    this.#maxConnections = maxConnections
    this.#rules = {
      ...options,
      heldBytes:
        maxHeldBytes === Infinity ? undefined : new HeldBytes(maxHeldBytes, () => this.#admitted.size),
      connections,
      released: (connection) => this.#admitted.delete(connection),
    }
  }

  /**
   * Admits one handshake. The caller calls `lost` of the watch unless it passes the connection to a channel.
   *
   * @throws {HTTPError} 503 when there are `maxConnections`, or new ones are refused.
   */
  admit(): WatchedConnection {
    this.checkAccepting()
    if (this.#admitted.size >= this.#maxConnections) throw unavailable()
    const connection = new WatchedConnection(this.#rules)
    this.#admitted.add(connection)
    return connection
  }

  /** @throws {HTTPError} 503 when new connections are refused, also those that were admitted before. */
  checkAccepting(): void {
    if (this.#refusesNew) throw unavailable()
  }

  /**
   * Closes all that are open. Resolves when their connections are gone.
   *
   * @param refuseNew From now on refuses all others, and also waits for the handshakes under way.
   */
  async closeAll(code: number, reason: string, refuseNew: boolean): Promise<void> {
    if (refuseNew) this.#refusesNew = true
    const closed = Array.from(this.#admitted).filter(({ isOpen }) => refuseNew || isOpen)
    await Promise.all(closed.map((connection) => connection.close(code, reason)))
  }
}

function unavailable(): HTTPError {
  return HTTPError.withoutStack(503, undefined, { headers: RETRY })
}

const RETRY = [['Retry-After', '10']] as const
