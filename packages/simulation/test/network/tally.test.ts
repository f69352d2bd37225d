import { expect, test } from 'vitest'
import { TwoHosts } from '../two-hosts.ts'

test('a tally counts what a network has tried', async () => {
  const hosts = await TwoHosts.connected({ link: { lossPerMille: 200 } })
  hosts.asked.transport.write(Buffer.alloc(20_000))
  await hosts.sim.run(60_000)
  const { tally } = hosts.sim.network
  expect(hosts.served.bytes).toHaveLength(20_000)
  expect(tally).toMatchObject({ connections: 1, datagrams: 0, resets: 0 })
  expect(tally.oneByteSegments).toBe(hosts.served.sizes.filter((size) => size === 1).length)
  expect(tally.segments).toBe(hosts.served.sizes.length)
  expect(tally.resent).toBeGreaterThan(0)
  expect(tally.lost).toBeGreaterThan(0)
  hosts.asked.transport.abortConnection()
  await hosts.sim.run(60_000)
  expect(tally.resets).toBe(1)
})
