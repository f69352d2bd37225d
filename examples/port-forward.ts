// Forwards every connection to a target, in both directions, at the pace of the slower side.
// Usage: port-forward.ts [LISTEN [TARGET]]. Try it with: port-forward.ts tcp:9000 tcp:127.0.0.1:8080
import { pathToFileURL } from 'node:url'
import {
  ConnectError,
  ConnectionClosed,
  ConnectionDone,
  type Drainable,
  Factory,
  formatAddress,
  type HalfCloseable,
  Protocol,
  reactor,
  type Transport,
} from '@ropewalk/core'
import { type ClientEndpoint, clientFromString, serverFromString } from '@ropewalk/core/endpoints'

/** One of two paired connections: forwards its bytes, its FIN and its close or reset to the other one. */
export class Relay extends Protocol implements Drainable, HalfCloseable {
  readonly #other: Transport

  constructor(other: Transport) {
    super()
    this.#other = other
  }

  override connectionMade(): void {
    // While our peer reads slowly, the other connection is paused.
    this.transport.registerProducer(this.#other, true)
  }

  override dataReceived(data: Buffer): void {
    this.#other.write(data)
  }

  /** Our peer has sent its FIN, but may still read. */
  readConnectionLost(): void {
    this.#other.unregisterProducer()
    this.#other.loseWriteConnection()
  }

  override connectionLost(reason: ConnectionClosed): void {
    this.#other.unregisterProducer()
    if (reason instanceof ConnectionDone) this.#other.loseConnection()
    else this.#other.abortConnection(reason)
  }

  /** The reactor is stopping: a close sends the queued bytes and does not wait for the other side. */
  drain(): Promise<void> {
    this.transport.unregisterProducer()
    return Promise.resolve()
  }
}

/** The connection to the target. Once it is made, it calls `join`, which switches `near` to a Relay. */
export class Outgoing extends Relay {
  readonly #near: Transport
  readonly #join: (far: Transport) => void

  constructor(near: Transport, join: (far: Transport) => void) {
    super(near)
    this.#near = near
    this.#join = join
  }

  override connectionMade(): void {
    if (this.#near.disconnecting) return this.transport.abortConnection()
    super.connectionMade()
    this.#join(this.transport)
  }
}

class Incoming extends Protocol {
  readonly #target: ClientEndpoint

  constructor(target: ClientEndpoint) {
    super()
    this.#target = target
  }

  // No bytes are delivered while this promise is pending, so none are lost before the switch to a Relay.
  override async connectionMade(): Promise<void> {
    const near = this.transport
    const outgoing = Factory.forProtocol(Outgoing, near, (far) => near.switchProtocol(new Relay(far)))
    try {
      await this.#target.connect(outgoing, { signal: near.signal })
    } catch (error) {
      // The connection was made and then lost: its connectionLost has closed `near`.
      if (error instanceof ConnectionClosed) return
      if (!(error instanceof ConnectError)) throw error
      if (near.connected) console.error(error.message)
      near.loseConnection()
    }
  }
}

async function main(listen = 'tcp:9000:interface=127.0.0.1', target = 'tcp:127.0.0.1:8080'): Promise<void> {
  const endpoint = serverFromString(reactor, listen)
  const port = await endpoint.listen(Factory.forProtocol(Incoming, clientFromString(reactor, target)))
  reactor.callWhenRunning(() =>
    console.log(
      `Listening on ${formatAddress(port.getHost())}, forwarding to ${target}. Press Ctrl-C to stop.`,
    ),
  )
  await reactor.run()
}

// Does not listen when the SOCKS example imports this file.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await main(...process.argv.slice(2))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(2)
  }
}
