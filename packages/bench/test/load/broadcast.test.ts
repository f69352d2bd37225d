import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { Broadcast, Subscriber } from '../../src/load/broadcast.ts'

describe('Broadcast', () => {
  const servers: WebSocketServer[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  async function serve(
    broadcast: (clients: ReadonlySet<WebSocket>, message: string) => void,
  ): Promise<number> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    servers.push(server)
    server.on('connection', (socket) => {
      socket.on('message', (message) => broadcast(server.clients, (message as Buffer).toString()))
    })
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  it('sends the next burst when all that read have received the last one', async () => {
    const sent: number[] = []
    const port = await serve((clients, message) => {
      sent.push(message.length)
      for (const client of clients) client.send(message)
    })
    const load = new Broadcast({ port, connections: 10, silent: 2, bytes: 64, burst: 3 })
    await load.open()
    load.start()
    await expect.poll(() => load.requests).toBeGreaterThan(50)
    await load.pause()
    expect(load.requests).toBe(sent.length * 8)
    expect(load.latencies.total).toBe(sent.length / 3)
    expect(new Set(sent)).toEqual(new Set([64]))
  })
})

describe('Subscriber', () => {
  it('refuses a message that it receives twice', () => {
    const counted: number[] = []
    const counter = {
      bursts: 1,
      received: () => undefined,
      messagesReceived: (count: number) => void counted.push(count),
    }
    const replies = { received: (_chunk: Buffer, count: number) => count }
    const subscriber = new Subscriber(replies, counter, 3)
    subscriber.received(Buffer.alloc(0), 2)
    subscriber.received(Buffer.alloc(0), 1)
    expect(counted).toEqual([2, 1])
    expect(() => subscriber.received(Buffer.alloc(0), 1)).toThrow('received a message twice')
  })
})
