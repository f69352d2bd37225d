// A bridge: each WebSocket becomes a TCP connection to a target, in both directions, at the pace of the slower
// side. Usage: websocket-to-tcp.ts [LISTEN [TARGET]]. Try it with: websocket-to-tcp.ts tcp:8080 tcp:127.0.0.1:7
import {
  ConnectError,
  ConnectionClosed,
  ConnectionDone,
  Factory,
  formatAddress,
  type HalfCloseable,
  Protocol,
  type PushProducer,
  reactor,
  type Transport,
} from '@ropewalk/core'
import { type ClientEndpoint, clientFromString, serverFromString } from '@ropewalk/core/endpoints'
import { Site } from '@ropewalk/http'
import {
  type WebSocketClosed,
  WebSocketProtocol,
  WebSocketResource,
  WebSocketServerFactory,
  type WebSocketTransport,
} from '@ropewalk/websocket'

/** The WebSocket: each message is written to the TCP connection, text as its UTF-8. */
class Near extends WebSocketProtocol {
  readonly #target: ClientEndpoint
  #far: Transport | undefined
  #lost = false

  constructor(target: ClientEndpoint) {
    super()
    this.#target = target
  }

  /**
   * Messages wait while the promise is pending. It is awaited also when the client has left, for at most
   * `departureGraceMs`: the target still receives what the client sent before.
   */
  override async negotiationFinished(): Promise<void> {
    const { transport } = this
    try {
      const far = await this.#target.connect(Factory.forProtocol(Far, transport))
      this.#far = far.transport
      if (this.#lost) this.#far.abortConnection()
    } catch (error) {
      // The target accepted the connection and then closed it: Far has closed the WebSocket.
      if (error instanceof ConnectionClosed) return
      if (!(error instanceof ConnectError)) throw error
      console.error(error.message)
      transport.loseConnection(BAD_GATEWAY, 'The target cannot be reached')
    }
  }

  override bytesMessageReceived(data: Buffer): void {
    this.#far?.write(data)
  }

  override rawTextMessageReceived(utf8: Buffer): void {
    this.#far?.write(utf8)
  }

  override connectionLost({ wasClean, cause }: WebSocketClosed): void {
    this.#lost = true
    this.#far?.unregisterProducer()
    if (wasClean || cause instanceof ConnectionDone) this.#far?.loseConnection()
    else this.#far?.abortConnection(cause)
  }
}

/** The TCP connection: what it receives is sent as binary messages. */
class Far extends Protocol implements HalfCloseable {
  readonly #near: WebSocketTransport

  constructor(near: WebSocketTransport) {
    super()
    this.#near = near
  }

  override connectionMade(): void {
    // Each side is the producer of the other: while one has too much to send, the other is not read.
    this.#near.attachProducer(inputOf(this.transport), true)
    this.transport.registerProducer(inputOf(this.#near), true)
  }

  override dataReceived(data: Buffer): void {
    this.#near.sendBytesMessage(data)
  }

  /** The target has sent its FIN. A WebSocket cannot be closed in one direction, so both sides end. */
  readConnectionLost(): void {
    this.transport.unregisterProducer()
    this.transport.loseConnection()
    this.#near.detachProducer()
    this.#near.loseConnection()
  }

  override connectionLost(reason: ConnectionClosed): void {
    this.#near.detachProducer()
    if (reason instanceof ConnectionDone) this.#near.loseConnection()
    else this.#near.loseConnection(BAD_GATEWAY, 'The connection to the target was lost')
  }
}

/**
 * The input of a connection as a producer that is paused, but not stopped: when one side ends, the other first
 * sends what it has, and `connectionLost` closes it.
 */
function inputOf(transport: Transport | WebSocketTransport): PushProducer {
  return {
    pauseProducing: () => transport.pauseProducing(),
    resumeProducing: () => transport.resumeProducing(),
    stopProducing: () => undefined,
  }
}

class Bridge extends WebSocketServerFactory<Near> {
  readonly #target: ClientEndpoint

  constructor(target: ClientEndpoint) {
    super()
    this.#target = target
  }

  override buildProtocol(): Near {
    return new Near(this.#target)
  }
}

const BAD_GATEWAY = 1014

async function main(listen = 'tcp:8080:interface=127.0.0.1', target = 'tcp:127.0.0.1:7'): Promise<void> {
  const resource = new WebSocketResource(new Bridge(clientFromString(reactor, target)))
  const port = await serverFromString(reactor, listen).listen(new Site(resource))
  reactor.callWhenRunning(() =>
    console.log(
      `Listening on ${formatAddress(port.getHost())}, a bridge to ${target}. Press Ctrl-C to stop.`,
    ),
  )
  await reactor.run()
}

try {
  await main(...process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
