import { Factory, LineReceiver, sleep } from '@ropewalk/core'
import { connectProtocol, TCPClientEndpoint } from '@ropewalk/core/endpoints'
import { IdleTimeout } from '@ropewalk/core/policies'
import type { HostReactor, Simulation } from '../../src/index.ts'
import type { Plant } from './plant.ts'

/** A client that keeps its connection for the next request, and a server that closes idle connections. */
export const idleConnection: Plant = {
  bug: 'kept-alive connection used as it dies',
  finding: /request \d+ has no reply/,
  planted: (sim) => keepAliveRun(sim, (client, request) => client.ask(request)),
  // A kept connection may die before the request is there. The request has no effect twice, so it is sent again.
  mended: (sim) =>
    keepAliveRun(sim, async (client, request) => {
      const isKept = client.isConnected
      try {
        return await client.ask(request)
      } catch (error) {
        if (!isKept) throw error
        return client.ask(request)
      }
    }),
}

class Upper extends LineReceiver {
  override lineReceived(line: Buffer): void {
    this.sendLine(line.toString().toUpperCase())
  }
}

class Kept extends LineReceiver {
  #settle: { resolve(line: string): void; reject(error: Error): void } | undefined

  ask(request: string): Promise<string> {
    this.sendLine(request)
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
  }

  override lineReceived(line: Buffer): void {
    this.#settle?.resolve(line.toString())
    this.#settle = undefined
  }

  override connectionLost(reason: Error): void {
    this.#settle?.reject(reason)
  }
}

/** Sends requests on one connection, and makes a new one when there is none. */
class KeepingClient {
  readonly #reactor: HostReactor
  #kept: Kept | undefined

  constructor(reactor: HostReactor) {
    this.#reactor = reactor
  }

  get isConnected(): boolean {
    return this.#kept?.connected === true
  }

  /** @throws {Error} (rejects) when the connection ends before the reply. */
  async ask(request: string): Promise<string> {
    if (!this.isConnected)
      this.#kept = await connectProtocol(new TCPClientEndpoint(this.#reactor, 'server', 7), new Kept())
    return this.#kept?.ask(request) ?? ''
  }
}

async function keepAliveRun(
  sim: Simulation,
  ask: (client: KeepingClient, request: string) => Promise<string>,
): Promise<void> {
  sim.host('server', (reactor) =>
    reactor.listenTCP(7, Factory.forProtocol(Upper), { policies: [new IdleTimeout(IDLE_MS)] }),
  )
  const replies: string[] = []
  sim.host('client', async (reactor) => {
    const client = new KeepingClient(reactor)
    for (let count = 1; count <= REQUESTS; count++) {
      const reply = await ask(client, `request ${count}`).catch(() => undefined)
      if (reply !== `REQUEST ${count}`) throw new Error(`request ${count} has no reply`)
      replies.push(reply)
      await sleep(IDLE_MS - 60 + sim.random.between(0, 80), { reactor })
    }
  })
  await sim.runUntil(() => replies.length === REQUESTS)
}

const IDLE_MS = 1000
const REQUESTS = 8
