import { Factory, Protocol } from '@ropewalk/core'
import {
  type ConnectionPolicy,
  LimitAcceptRate,
  LimitConnectionsByPeer,
  LimitTotalConnections,
  Throttle,
} from '@ropewalk/core/policies'
import { ProxyProtocolFactory, SendProxyHeader, writeProxyV2 } from '@ropewalk/core/proxy'
import type { HostReactor, Simulation } from '../../src/index.ts'
import { Scene } from './scene.ts'

/** Sends everything back, and reads no more until that is sent. */
class Echo extends Protocol {
  override async dataReceived(data: Buffer): Promise<void> {
    await this.transport.send(data)
  }
}

/** Sends its bytes, receives them back, and closes. */
class Sending extends Protocol {
  readonly #sent: Buffer
  #received = 0

  /** Whether all bytes came back. */
  get isDone(): boolean {
    return this.#received === this.#sent.length
  }

  constructor(sent: Buffer) {
    super()
    this.#sent = sent
  }

  override connectionMade(): void {
    void this.transport.send(this.#sent)
  }

  override dataReceived(data: Buffer): void {
    const expected = this.#sent.subarray(this.#received, this.#received + data.length)
    if (!data.equals(expected)) throw new Error('the bytes received differ from those sent')
    this.#received += data.length
    if (this.isDone) this.transport.loseConnection()
  }
}

/**
 * Connections that begin with a PROXY header, under limits and throttles, stay within their number and rate.
 *
 * @throws {Error} (rejects) when they do not.
 */
export async function policyRun(sim: Simulation): Promise<void> {
  let [most, fastest] = [0, 0]
  const calls: Sending[] = []
  const { isCalm } = await Scene.play(sim, {
    async serve(reactor, { witness, policies }) {
      const limits = [
        new LimitTotalConnections(4),
        new LimitConnectionsByPeer(2),
        new LimitAcceptRate(reactor, { perSecond: 5 }),
      ]
      const throttle = new Throttle({ readBytesPerSecond: RATE, writeBytesPerSecond: RATE, for: 'all' })
      let passed = 0
      const counting: ConnectionPolicy = {
        accepted: () => ({
          received: (data) => {
            passed += data.length
          },
        }),
      }
      const factory = new ProxyProtocolFactory(witness.watchAll(Factory.forProtocol(Echo)), {
        trustedSources: ['10.0.0.0/8'],
      })
      const port = await reactor.listenTCP(7, factory, {
        policies: [...policies, ...limits, throttle, counting],
      })
      const look = (): void => {
        most = Math.max(most, port.connections.size)
        // The bytes of one second and one chunk of 64 KiB may exceed the rate.
        fastest = Math.max(fastest, (passed - RATE - 65_536) / (reactor.now() / 1000 + 0.001))
        if (reactor.now() < 120_000) reactor.callLater(100, look)
      }
      look()
    },
    call(reactor: HostReactor, scene) {
      for (let count = 0; count < 2; count++) {
        const sending = new Sending(reactor.randomBytes(8000))
        calls.push(sending)
        scene.connect(reactor, 7, sending, { policies: [sendHeader] })
      }
    },
  })
  const undone = calls.filter(({ isDone }) => !isDone).length
  if (isCalm && undone > 0)
    throw new Error(`${undone} connections did not receive all bytes back, without any fault`)
  if (most > 4) throw new Error(`${most} connections at once`)
  if (fastest > RATE * 1.1) throw new Error(`${fastest} bytes a second`)
}

const RATE = 40_000

/** Claims the real addresses of the connection. */
const sendHeader = new SendProxyHeader((transport) =>
  writeProxyV2({
    command: 'PROXY',
    addresses: { source: transport.getHost(), destination: transport.getPeer() },
    extensions: {},
  }),
)
