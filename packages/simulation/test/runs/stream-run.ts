import { Factory } from '@ropewalk/core'
import { StreamProtocol, type StreamReader, type StreamWriter } from '@ropewalk/core/stream'
import type { Simulation } from '../../src/index.ts'
import { Scene } from './scene.ts'

/** A coroutine that reads records, a length line followed by bytes, and sends each back. */
class Storing extends StreamProtocol {
  override async run(reader: StreamReader, writer: StreamWriter): Promise<void> {
    for (;;) {
      const line = await reader.readLine()
      if (line === undefined) return
      const bytes = await reader.readExactly(Number(line))
      await writer.write(`${bytes.length}\r\n`)
      await writer.write(bytes)
    }
  }
}

/** Sends records, and awaits the echo of each before the next. */
class Calling extends StreamProtocol {
  readonly matches: boolean[] = []

  override async run(reader: StreamReader, writer: StreamWriter): Promise<void> {
    const { reactor } = this.transport
    for (let count = 0; count < PIECES; count++) {
      const piece = reactor.randomBytes(1 + count ** 5)
      await writer.write(`${piece.length}\r\n`)
      await writer.write(piece)
      const line = await reader.readLine()
      if (line === undefined) return
      const answer = await reader.readExactly(Number(line))
      this.matches.push(answer.equals(piece))
    }
  }
}

/**
 * Coroutines on both sides exchange records, some larger than all windows.
 *
 * @throws {Error} (rejects) when one differs.
 */
export async function streamRun(sim: Simulation): Promise<void> {
  const calls: Calling[] = []
  const { isCalm } = await Scene.play(sim, {
    serve: (reactor, { witness, policies }) =>
      reactor.listenTCP(7, witness.watchAll(Factory.forProtocol(Storing)), { policies }),
    call(reactor, scene) {
      const calling = new Calling()
      calls.push(calling)
      scene.connect(reactor, 7, calling)
    },
  })
  if (isCalm && calls.some(({ matches }) => matches.length < PIECES))
    throw new Error('records did not come back, without any fault')
  if (calls.some(({ matches }) => matches.includes(false))) throw new Error('a record came back changed')
}

const PIECES = 10
