import { Factory, Protocol } from '@ropewalk/core'
import { connectProtocol, TCPClientEndpoint } from '@ropewalk/core/endpoints'
import type { Simulation } from '../../src/index.ts'
import type { Plant } from './plant.ts'

/** A receiver of frames that begin with their length in four bytes. */
export const cutFrame: Plant = {
  bug: 'length prefix kept from 3 bytes',
  finding: /received frame/,
  // The bug: the length is kept although its last byte is not there.
  planted: (sim) => framesRun(sim, 3),
  mended: (sim) => framesRun(sim, 4),
}

class FrameReader extends Protocol {
  readonly frames: string[] = []
  readonly #neededBytes: number
  #unread: Buffer = Buffer.alloc(0)
  #length: number | undefined

  constructor(neededBytes: number) {
    super()
    this.#neededBytes = neededBytes
  }

  override dataReceived(data: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, data])
    while (this.#readOne());
  }

  #readOne(): boolean {
    const unread = this.#unread
    if (this.#length === undefined) {
      if (unread.length < this.#neededBytes) return false
      const [a = 0, b = 0, c = 0, d = 0] = unread
      this.#length = (a << 24) | (b << 16) | (c << 8) | d
    }
    const end = 4 + this.#length
    if (unread.length < end) return false
    this.frames.push(unread.toString('latin1', 4, end))
    this.#unread = unread.subarray(end)
    this.#length = undefined
    return true
  }
}

async function framesRun(sim: Simulation, neededBytes: number): Promise<void> {
  const reader = new FrameReader(neededBytes)
  sim.host('server', (reactor) =>
    reactor.listenTCP(
      7,
      new (class extends Factory {
        override buildProtocol(): Protocol {
          return reader
        }
      })(),
    ),
  )
  const sent = Array.from({ length: FRAMES }, (_, at) => `frame ${at} `.repeat(sim.random.between(1, 9)))
  sim.host('client', async (reactor) => {
    const endpoint = new TCPClientEndpoint(reactor, 'server', 7)
    const client = await connectProtocol(endpoint, new (class extends Protocol {})())
    for (const [at, frame] of sent.entries())
      reactor.callLater(at * 5, () => {
        const prefix = Buffer.alloc(4)
        prefix.writeUInt32BE(frame.length)
        client.transport.writeSequence([prefix, frame])
      })
  })
  await sim.run(20_000)
  for (const [at, frame] of sent.entries())
    if (reader.frames[at] !== frame)
      throw new Error(`received frame ${at} as ${JSON.stringify(reader.frames[at])}`)
}

const FRAMES = 40
