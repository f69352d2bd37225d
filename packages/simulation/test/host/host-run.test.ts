import { udpAddress } from '@ropewalk/core/udp'
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

test('HostRun finds the last free port for a datagram socket, and then fails with EADDRINUSE', async () => {
  const hosts = new TwoHosts()
  await hosts.sim.run(1)
  const { life } = hosts.client
  const bind = (port: number): number | undefined =>
    life?.bindDatagrams({ address: udpAddress('0.0.0.0', port), reuseAddress: false, ipv6Only: false })
      .address.port
  const free = 60_000
  for (let port = 49_152; port <= 65_535; port++) if (port !== free) bind(port)
  bind(1000)
  expect(bind(0)).toBe(free)
  expect(() => bind(0)).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }))
})
