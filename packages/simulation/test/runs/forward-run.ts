import {
  type ConnectionClosed,
  ConnectionDone,
  Factory,
  formatAddress,
  Protocol,
  type PullProducer,
  type Transport,
} from '@ropewalk/core'
import { proxyClaimFor, ProxyProtocolFactory, SendProxyHeader, writeProxyV2 } from '@ropewalk/core/proxy'
import type { HostReactor, Simulation } from '../../src/index.ts'
import { Scene } from './scene.ts'

/** A pull producer that writes one buffer for each `resumeProducing`. */
class Pieces implements PullProducer {
  readonly #transport: Transport
  readonly #left: Buffer[]

  constructor(transport: Transport, pieces: readonly Buffer[]) {
    this.#transport = transport
    this.#left = [...pieces]
  }

  resumeProducing(): void {
    const piece = this.#left.shift()
    if (piece === undefined) this.#transport.unregisterProducer()
    else this.#transport.write(piece)
  }

  stopProducing(): void {
    this.#left.length = 0
  }
}

/** Sends everything back, as fast as the peer reads, then the peer's address and `LAST_PIECES`. */
class Answering extends Protocol {
  override connectionMade(): void {
    this.transport.registerProducer(this.transport, true)
  }

  override dataReceived(data: Buffer): void {
    this.transport.write(data)
  }

  readConnectionLost(): void {
    const { transport } = this
    transport.unregisterProducer()
    const address = Buffer.from(formatAddress(transport.getPeer()))
    transport.registerProducer(new Pieces(transport, [address, ...LAST_PIECES]), false)
    // A close waits for a registered producer, so all pieces are still sent.
    transport.loseConnection()
  }
}

/** One of the two connections that a forwarder joins. Each pauses the other when its output queue is full. */
class Side extends Protocol {
  mostBuffered = 0
  #other: Side | undefined
  #ended = false

  override connectionMade(): void {
    this.transport.pauseProducing()
  }

  override dataReceived(data: Buffer): void {
    this.#other?.transport.write(data)
    this.mostBuffered = Math.max(this.mostBuffered, this.#other?.transport.bufferedBytes ?? 0)
  }

  readConnectionLost(): void {
    this.#ended = true
    this.#other?.transport.unregisterProducer()
    this.#other?.transport.loseWriteConnection()
  }

  /**
   * A connection lost without a FIN is forwarded as an abort, so that the other side does not take it for a
   * clean end.
   */
  override connectionLost(reason: ConnectionClosed): void {
    if (!this.#ended || !(reason instanceof ConnectionDone)) this.#other?.transport.abortConnection(reason)
  }

  /** Starts to forward in both directions. */
  join(other: Side): void {
    for (const [one, another] of [
      [this, other],
      [other, this],
    ] as const) {
      one.#other = another
      one.transport.registerProducer(another.transport, true)
    }
    for (const { transport } of [this, other]) transport.resumeProducing()
  }
}

/**
 * The connection of a client: it connects to the server, and sends a PROXY header with the client's address.
 */
class Front extends Side {
  readonly #scene: Scene
  readonly #sides: Side[]

  constructor(scene: Scene, sides: Side[]) {
    super()
    this.#scene = scene
    this.#sides = sides
  }

  override connectionMade(): void {
    super.connectionMade()
    const back = new Side()
    this.#sides.push(this, back)
    const sendHeader = new SendProxyHeader(() => writeProxyV2(proxyClaimFor(this.transport)))
    const reactor = this.transport.reactor as HostReactor
    const connector = this.#scene.connect(reactor, 7, back, { policies: [sendHeader] })
    connector.whenConnected().then(
      () => (this.connected ? this.join(back) : back.transport.abortConnection()),
      (error: unknown) => this.transport.abortConnection(error),
    )
  }
}

/** Sends 150 000 bytes and its FIN, and reads slowly. */
class Asking extends Protocol {
  readonly received: Buffer[] = []
  readonly sent: Buffer[] = []
  ended = false

  override connectionMade(): void {
    void this.transport.pipeFrom(this.#pieces(), { end: true }).catch(() => undefined)
  }

  override dataReceived(data: Buffer): Promise<void> {
    this.received.push(data)
    return new Promise((resolve) => this.transport.reactor.callLater(2, resolve))
  }

  readConnectionLost(): void {
    this.ended = true
    this.transport.loseConnection()
  }

  async *#pieces(): AsyncGenerator<Buffer> {
    for (let count = 0; count < 30; count++) {
      const piece = this.transport.reactor.randomBytes(5000)
      this.sent.push(piece)
      yield piece
    }
  }
}

/**
 * Clients connect to a server through a forwarder on a third host. The forwarder reads no more than it can
 * forward, and forwards each FIN. A client that receives the FIN has received everything, and the server
 * knows the address of the client from a PROXY header.
 *
 * @throws {Error} (rejects) when one of these does not hold.
 */
export async function forwardRun(sim: Simulation): Promise<void> {
  const [calls, sides]: [Asking[], Side[]] = [[], []]
  const { isCalm } = await Scene.play(sim, {
    serve(reactor, { witness, policies }) {
      const answering = witness.watchAll(Factory.forProtocol(Answering))
      const factory = new ProxyProtocolFactory(answering, { trustedSources: ['10.0.0.0/8'] })
      return reactor.listenTCP(7, witness.watchAll(factory), { policies })
    },
    others: {
      forwarder(reactor, scene) {
        const factory = scene.witness.watchAll(Factory.forProtocol(Front, scene, sides))
        return reactor.listenTCP(8, factory, { policies: scene.policies })
      },
    },
    call(reactor, scene) {
      const asking = new Asking()
      calls.push(asking)
      scene.connect(reactor, 8, asking, { to: 'forwarder' })
    },
  })
  for (const asking of calls) expectAnswered(asking, isCalm)
  const most = Math.max(0, ...sides.map(({ mostBuffered }) => mostBuffered))
  if (most > MOST_BUFFERED_BYTES) throw new Error(`${most} bytes were queued in the forwarder`)
}

function expectAnswered({ sent, received, ended, transport }: Asking, isCalm: boolean): void {
  if (isCalm && !ended) throw new Error('the FIN was not received, without any fault')
  if (sent.length === 0) return
  const expected = Buffer.concat([...sent, Buffer.from(formatAddress(transport.getHost())), ...LAST_PIECES])
  const came = Buffer.concat(received)
  if (!expected.subarray(0, came.length).equals(came))
    throw new Error('the bytes received differ from those expected')
  if (ended && came.length < expected.length)
    throw new Error(`the FIN was received after ${came.length} of ${expected.length} bytes`)
}

const LAST_PIECES = Array.from({ length: 20 }, (_none, at) => Buffer.alloc(1000, at))
/**
 * The high-water mark of 64 KiB, and the read-ahead of 64 KiB that a paused side may deliver on top of it.
 */
const MOST_BUFFERED_BYTES = 2 * 65_536 + 1460
