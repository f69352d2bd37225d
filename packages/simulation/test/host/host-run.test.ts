import { expect, test } from 'vitest'
import { TwoHosts } from '../two-hosts.ts'

test('HostRun counts descriptors, and frees those of closed connections', async () => {
  const hosts = await TwoHosts.connected()
  const life = hosts.client.life
  hosts.client.maxDescriptors = 2
  expect([life?.takeDescriptor(), life?.takeDescriptor()]).toEqual([true, false])
  hosts.asked.transport.abortConnection()
  await hosts.sim.run(100)
  expect(life?.takeDescriptor()).toBe(true)
})

test('HostRun runs no call after its end', async () => {
  const hosts = await TwoHosts.connected()
  const { life } = hosts.server
  hosts.server.crash()
  const calls: string[] = []
  life?.execute(() => calls.push('never'))
  life?.executeSoon(() => calls.push('never'))
  await hosts.sim.run(100)
  expect([calls, life?.isOver, life?.ports]).toEqual([[], true, []])
})
