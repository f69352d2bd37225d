import { WebSocketProtocol } from '@ropewalk/websocket'
import { expect, test } from 'vitest'
import { simulateAll } from '../../src/index.ts'
import { echoRun } from './echo-run.ts'

test('an echo WebSocket server and its clients keep every rule on a network that misbehaves', async () => {
  const { runs, faults } = await simulateAll((sim) => echoRun(sim, 5, 5), {
    runs: 80,
    link: { lossPerMille: 5 },
  })
  expect(runs).toBe(80)
  // Runs without faults would prove nothing.
  for (const kind of ['partition', 'reset', 'crash', 'stand still'] as const)
    expect(faults[kind]).toBeGreaterThan(5)
})

test('detects a server that sends back the message of another client', async () => {
  let before = ''
  class Late extends WebSocketProtocol {
    override textMessageReceived(text: string): void {
      this.transport.sendTextMessage(before || text)
      before = text
    }
  }
  await expect(simulateAll((sim) => echoRun(sim, 2, 2, Late), { shrinkMs: 0 })).rejects.toThrow(
    'the echo differs from the message sent',
  )
})
