import { expect, test } from 'vitest'
import type { Transport } from '../../src/contracts/transport.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { connectedPair } from '../../src/testing/connected-pair.ts'
import { currentTransport } from '../../src/transport/connection-context.ts'

test("currentTransport is the connection in whose callback one is, across await and timers, and nobody's elsewhere", async () => {
  const seen: (Transport | undefined)[] = []
  const note = (): void => void seen.push(currentTransport())
  class Noting extends Recorder {
    override async dataReceived(): Promise<void> {
      note()
      await Promise.resolve()
      note()
      this.transport.reactor.callLater(10, note)
    }
    override connectionLost(): void {
      note()
    }
  }
  const [server, client] = [new Noting(), new Recorder()]
  const pair = connectedPair(server, client)
  client.transport.write('x')
  await pair.reactor.settle()
  pair.reactor.advance(10)
  client.transport.loseConnection()
  await pair.reactor.settle()
  expect(seen).toEqual([pair.server, pair.server, pair.server, pair.server])
  expect(currentTransport()).toBeUndefined()
})
