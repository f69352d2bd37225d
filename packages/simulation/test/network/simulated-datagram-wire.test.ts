import { ConnectedDatagramProtocol, DatagramProtocol, type UDPAddress } from '@ropewalk/core/udp'
import { describe, expect, test } from 'vitest'
import { TwoHosts } from '../two-hosts.ts'

class Receiver extends DatagramProtocol {
  readonly datagrams: string[] = []
  refusals = 0

  override datagramReceived(data: Buffer, _from: UDPAddress): void {
    this.datagrams.push(data.toString())
  }

  override connectionRefused(): void {
    this.refusals++
  }
}

class Asking extends ConnectedDatagramProtocol {
  readonly datagrams: string[] = []

  override datagramReceived(data: Buffer): void {
    this.datagrams.push(data.toString())
  }
}

describe('UDP between hosts', () => {
  const make = async (
    link: object = {},
  ): Promise<{ hosts: TwoHosts; server: Receiver; client: Receiver }> => {
    const hosts = new TwoHosts({ link })
    await hosts.sim.run(1)
    const [server, client] = [new Receiver(), new Receiver()]
    await hosts.server.reactor.listenUDP(53, server)
    await hosts.client.reactor.listenUDP(0, client)
    return { hosts, server, client }
  }

  test('loses, duplicates and reorders datagrams', async () => {
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

  test('notifies a connected port that no socket is bound at its peer', async () => {
    const { hosts, client } = await make()
    client.transport.connect(hosts.server.address, 54)
    client.transport.write('anybody?')
    await hosts.sim.run(1000)
    expect(client.refusals).toBe(1)
  })

  test('delivers only the datagrams of its peer to a connected protocol', async () => {
    const { hosts, server, client } = await make()
    const asking = new Asking('server', 53)
    const opening = hosts.client.reactor.listenUDP(54, asking)
    client.transport.write('I am your peer', { host: '127.0.0.1', port: 54 })
    await hosts.sim.run(100)
    const port = await opening
    client.transport.write('still me', { host: '127.0.0.1', port: 54 })
    server.transport.write('the peer', { host: hosts.client.address, port: 54 })
    await hosts.sim.run(100)
    expect([asking.datagrams, port.drops.stranger]).toEqual([['the peer'], 1])
  })

  test('delivers the replies of a peer on its own host', async () => {
    const { hosts, client } = await make()
    const asking = new Asking('127.0.0.1', client.transport.getHost().port)
    const port = await hosts.client.reactor.listenUDP(54, asking)
    client.transport.write('the peer', { host: '127.0.0.1', port: 54 })
    await hosts.sim.run(100)
    expect([asking.datagrams, port.drops.stranger]).toEqual([['the peer'], 0])
  })

  test('reaches only the members of a group', async () => {
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

  test('refuses a second socket on its port, until it stops', async () => {
    const { hosts, server } = await make()
    await expect(hosts.server.reactor.listenUDP(53, new Receiver())).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    await server.transport.stopListening()
    await hosts.server.reactor.listenUDP(53, new Receiver())
  })
})
