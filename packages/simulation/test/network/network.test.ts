import { expect, test } from 'vitest'
import { TwoHosts } from '../two-hosts.ts'

test('Network finds hosts by their addresses, and has one link in each direction', () => {
  const { sim, server, client } = new TwoHosts()
  const { network } = sim
  expect([network.stationAt(server.address), network.stationAt('10.9.9.9')]).toEqual([server, undefined])
  const [forth, back] = network.between(server, client)
  expect(forth).not.toBe(back)
  expect(network.link(server, client)).toBe(forth)
  expect(network.link(server, server).conditions.latencyMs).toEqual([0.01, 0.02])
})
