import { expect, test } from 'vitest'
import { TwoHosts } from '../two-hosts.ts'

test('a tally counts what happened on a network', async () => {
  const hosts = await TwoHosts.connected({ link: { lossPerMille: 200 } })
  hosts.asked.transport.write(Buffer.alloc(20_000))
  await hosts.sim.run(60_000)
  const { stats } = hosts.sim.network
  expect(hosts.served.bytes).toHaveLength(20_000)
  expect(stats).toMatchObject({ connections: 1, datagrams: 0, resets: 0 })
  expect(stats.oneByteSegments).toBe(hosts.served.sizes.filter((size) => size === 1).length)
  expect(stats.segments).toBe(hosts.served.sizes.length)
  expect(stats.resent).toBeGreaterThan(0)
  expect(stats.lost).toBeGreaterThan(0)
  hosts.asked.transport.abortConnection()
  await hosts.sim.run(60_000)
  expect(stats.resets).toBe(1)
})
