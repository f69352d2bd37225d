import { Site } from '@ropewalk/http'
import { simulateAll, type Simulation } from '@ropewalk/simulation'
import {
  ConnectedWebSocket,
  connectWebSocket,
  type WebSocketMessage,
  WebSocketProtocol,
  WebSocketResource,
} from '@ropewalk/websocket'
import { expect, test } from 'vitest'

/** Sends each message back while it arrives, and pings. */
class Mirror extends WebSocketProtocol {
  override async messageReceived(message: WebSocketMessage): Promise<void> {
    this.transport.ping()
    await this.transport.sendMessage(message.data(), { kind: message.kind, frameBytes: 3000 })
  }
}

/** Counts in messages that are larger than what the network holds. */
class Counter extends ConnectedWebSocket {
  override async run(): Promise<void> {
    for (let count = 0; count < 200; count++) await this.send(`${count} ${'x'.repeat(2000)}`)
  }
}

/** What a client received: it must be a beginning of what was sent, in order. */
interface Received {
  readonly counts: string[]
  mirrored: boolean | undefined
}

async function day(sim: Simulation): Promise<Received> {
  const received: Received = { counts: [], mirrored: undefined }
  sim.host('server', async (reactor) => {
    await reactor.listenTCP(80, new Site(WebSocketResource.forProtocol(Counter)))
    await reactor.listenTCP(81, new Site(WebSocketResource.forProtocol(Mirror)))
  })
  sim.host('counting', async (reactor) => {
    try {
      const socket = await connectWebSocket('ws://server/', { reactor })
      for await (const message of socket) received.counts.push(String(message).split(' ')[0] ?? '')
    } catch {
      // The network has cut the connection.
    }
  })
  sim.host('mirrored', async (reactor) => {
    try {
      const socket = await connectWebSocket('ws://server:81/', { reactor })
      const pieces = Array.from({ length: 40 }, (_, at) => Buffer.alloc(10_000, at))
      const [back] = await Promise.all([socket.receive(), socket.transport.sendMessage(pieces)])
      if (back !== undefined) received.mirrored = Buffer.concat(pieces).equals(back as Buffer)
      await socket.close()
    } catch {
      // As above.
    }
  })
  sim.injectFaults({ withinMs: 5000, kinds: ['hold', 'reset', 'slow link', 'slow reader', 'stand still'] })
  await sim.run(120_000)
  return received
}

test('messages stay whole and in order on networks with faults, in forty runs', async () => {
  let complete = 0
  let mirrored = 0
  await simulateAll(
    async (sim) => {
      const { counts, mirrored: same } = await day(sim)
      expect(counts).toEqual(Array.from(counts, (_, at) => String(at)))
      expect(same).not.toBe(false)
      if (counts.length === 200) complete++
      if (same === true) mirrored++
    },
    { runs: 40 },
  )
  expect(complete).toBeGreaterThan(10)
  expect(mirrored).toBeGreaterThan(10)
})
