import { Factory, Protocol } from '@ropewalk/core'
import type { Simulation } from '../../src/index.ts'
import { Scene } from './scene.ts'

/** Sends `GIVEN_BYTES` bytes to each client, as fast as the client reads them. */
class Giving extends Protocol {
  mostBuffered = 0

  override connectionMade(): void {
    void this.#give().catch(() => undefined)
  }

  async #give(): Promise<void> {
    await this.transport.pipeFrom(this.#pieces())
    this.transport.loseConnection()
  }

  async *#pieces(): AsyncGenerator<Buffer> {
    for (let sent = 0; sent < GIVEN_BYTES; sent += PIECE_BYTES) {
      this.mostBuffered = Math.max(this.mostBuffered, this.transport.bufferedBytes)
      yield Buffer.alloc(PIECE_BYTES, sent / PIECE_BYTES)
    }
  }
}

/** Reads slowly: it holds delivery for 5 ms after each chunk. */
class Taking extends Protocol {
  taken = 0
  wrong = false
  ended = false

  override dataReceived(data: Buffer): Promise<void> {
    for (const byte of data) if (byte !== Math.floor(this.taken++ / PIECE_BYTES) % 256) this.wrong = true
    return new Promise((resolve) => this.transport.reactor.callLater(5, resolve))
  }

  readConnectionLost(): void {
    this.ended = true
    this.transport.loseConnection()
  }
}

/**
 * Servers send more than all buffers hold to slow clients, with `pipeFrom`. The clients receive the bytes
 * sent, all of them if they receive the FIN, and the output queue stays within its high-water mark.
 *
 * @throws {Error} (rejects) when one of these does not hold.
 */
export async function relayRun(sim: Simulation): Promise<void> {
  const [givers, takers]: [Giving[], Taking[]] = [[], []]
  const { isCalm } = await Scene.play(sim, {
    serve(reactor, { witness, policies }) {
      const factory = new (class extends Factory<Giving> {
        override buildProtocol(): Giving {
          const giving = new Giving()
          givers.push(giving)
          return giving
        }
      })()
      return reactor.listenTCP(7, witness.watchAll(factory), { policies })
    },
    call(reactor, scene) {
      const taking = new Taking()
      takers.push(taking)
      scene.connect(reactor, 7, taking)
    },
  })
  for (const { taken, wrong, ended } of takers) {
    if (isCalm && !ended) throw new Error('the FIN was not received, without any fault')
    if (wrong) throw new Error('bytes were received in another order')
    if (ended && taken !== GIVEN_BYTES)
      throw new Error(`the FIN was received after ${taken} of ${GIVEN_BYTES} bytes`)
  }
  const most = Math.max(0, ...givers.map(({ mostBuffered }) => mostBuffered))
  if (most > HIGH_WATER_BYTES + PIECE_BYTES) throw new Error(`${most} bytes were queued for output`)
}

const GIVEN_BYTES = 400_000
const PIECE_BYTES = 10_000
const HIGH_WATER_BYTES = 65_536
