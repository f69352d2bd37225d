import { DatagramProtocol, type UDPAddress } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { TwoHosts } from '../two-hosts.ts'

class Heard extends DatagramProtocol {
  readonly datagrams: string[] = []
  refusals = 0

  override datagramReceived(data: Buffer, _from: UDPAddress): void {
    this.datagrams.push(data.toString())
  }

  override connectionRefused(): void {
    this.refusals++
  }
}

describe('UDP between hosts', () => {
  const make = async (link: object = {}): Promise<{ hosts: TwoHosts; server: Heard; client: Heard }> => {
    const hosts = new TwoHosts({ link })
    await hosts.sim.run(1)
    const [server, client] = [new Heard(), new Heard()]
    await hosts.server.reactor.listenUDP(53, server)
    await hosts.client.reactor.listenUDP(0, client)
    return { hosts, server, client }
  }

  test('may be lost, come twice, and overtake each other', async () => {
    const { hosts, server, client } = await make({ lossPerMille: 100, duplicatesPerMille: 100 })
    for (let count = 0; count < 500; count++)
      client.transport.write(String(count), { host: hosts.server.address, port: 53 })
    await hosts.sim.run(1000)
    const [all, different] = [server.datagrams.length, new Set(server.datagrams).size]
    expect(different).toBeGreaterThan(400)
    expect(different).toBeLessThan(500)
    expect(all).toBeGreaterThan(different)
    expect(server.datagrams).not.toEqual(
      server.datagrams.toSorted((one, other) => Number(one) - Number(other)),
    )
  })

  test('tells a connected port that nobody listens', async () => {
    const { hosts, client } = await make()
    client.transport.connect(hosts.server.address, 54)
    client.transport.write('anybody?')
    await hosts.sim.run(1000)
    expect(client.refusals).toBe(1)
  })

  test('reaches the members of a group, and those alone', async () => {
    const { hosts, server, client } = await make()
    server.transport.joinGroup('239.0.0.1')
    client.transport.write('all of you', { host: '239.0.0.1', port: 53 })
    await hosts.sim.run(100)
    server.transport.leaveGroup('239.0.0.1')
    client.transport.write('some of you', { host: '239.0.0.1', port: 53 })
    await hosts.sim.run(100)
    expect(server.datagrams).toEqual(['all of you'])
    expect(() => server.transport.leaveGroup('239.0.0.1')).toThrow('leave the group')
    expect(() => server.transport.joinGroup('10.0.0.1')).toThrow('join the group')
  })

  test('has its port to itself, until it stops', async () => {
    const { hosts, server } = await make()
    await expect(hosts.server.reactor.listenUDP(53, new Heard())).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    await server.transport.stopListening()
    await hosts.server.reactor.listenUDP(53, new Heard())
  })
})
