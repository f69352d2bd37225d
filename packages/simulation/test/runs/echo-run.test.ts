import { WebSocketProtocol } from '@ropewalk/websocket'
import { expect, test } from 'vitest'
import { simulateAll } from '../../src/index.ts'
import { echoRun } from './echo-run.ts'

test('the echo WebSocket server and its clients hold their promises on a network that misbehaves', async () => {
  const { runs, faults } = await simulateAll((sim) => echoRun(sim, 5, 5), {
    runs: 60,
    link: { lossPerMille: 5 },
  })
  expect(runs).toBe(60)
  // A seed that brings no faults proves nothing.
  for (const kind of ['partition', 'reset', 'crash', 'stand still'] as const)
    expect(faults[kind]).toBeGreaterThan(5)
})

test('a server that sends back what another said is found out', async () => {
  let before = ''
  class Late extends WebSocketProtocol {
    override textMessageReceived(text: string): void {
      this.transport.sendTextMessage(before || text)
      before = text
    }
  }
  await expect(simulateAll((sim) => echoRun(sim, 2, 2, Late))).rejects.toThrow(
    'an echo of nothing that was sent',
  )
})
