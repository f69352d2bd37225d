import { expect, test } from 'vitest'
import { TwoHosts } from '../two-hosts.ts'

test('HostRun counts descriptors, and gives those of closed connections back', async () => {
  const hosts = await TwoHosts.connected()
  const life = hosts.client.life
  hosts.client.maxDescriptors = 2
  expect([life?.takeDescriptor(), life?.takeDescriptor()]).toEqual([true, false])
  hosts.asked.transport.abortConnection()
  await hosts.sim.run(100)
  expect(life?.takeDescriptor()).toBe(true)
})

test('HostRun does nothing more once it is over', async () => {
  const hosts = await TwoHosts.connected()
  const { life } = hosts.server
  hosts.server.crash()
  const told: string[] = []
  life?.execute(() => told.push('never'))
  life?.executeSoon(() => told.push('never'))
  await hosts.sim.run(100)
  expect([told, life?.isOver, life?.ports]).toEqual([[], true, []])
})

test('HostRun uses port numbers again when all have been used', () => {
  const { life } = new TwoHosts().client
  const numbers = Array.from({ length: 16_385 }, () => life?.nextPort())
  expect([numbers[0], numbers.at(-2), numbers.at(-1)]).toEqual([49_152, 65_535, 49_152])
})
