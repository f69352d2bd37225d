import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { expectSameTraces } from './same-traces.ts'

/** Accepts numbers, and confirms each of them. */
function server(received: Set<number>): void {
  const sockets = new WebSocketServer({ port: 80, perMessageDeflate: { threshold: 0 } })
  sockets.on('connection', (socket) => {
    socket.on('error', () => undefined)
    socket.on('message', (data: Buffer) => {
      received.add(Number(data))
      socket.send(data)
    })
  })
}

/** Sends ten numbers, over a connection that is made again, until each is confirmed. */
async function client(confirmed: Set<number>): Promise<void> {
  while (confirmed.size < 10) {
    const socket = new WebSocket('ws://server/', { handshakeTimeout: 2_000 })
    const closed = new Promise((resolve) => {
      socket.on('close', resolve)
    })
    let next = 0
    socket.on('error', () => undefined)
    const sendNext = (): void => {
      while (confirmed.has(next)) next++
      if (next < 10) socket.send(String(next))
      else socket.close()
    }
    socket.on('open', sendNext)
    socket.on('message', (data: Buffer) => {
      confirmed.add(Number(data))
      setTimeout(sendNext, 300)
    })
    const watch = setInterval(() => socket.terminate(), 5_000)
    await closed
    clearInterval(watch)
    await sleep(500)
  }
}

test('ws: a client that connects again has everything confirmed', { timeout: 120_000 }, async () => {
  await expectSameTraces(async (sim) => {
    const [received, confirmed] = [new Set<number>(), new Set<number>()]
    sim.node('server', () => server(received))
    sim.node('client', () => client(confirmed))
    sim.injectFaults({
      withinMs: 10_000,
      kinds: ['partition', 'one way', 'reset', 'hold', 'crash', 'kill', 'stand still'],
    })
    await sim.run(120_000)
    expect(confirmed.size).toBe(10)
    expect(received.size).toBe(10)
  })
})
