import { LineReceiver } from '@ropewalk/core'
import { connectProtocol, HostnameEndpoint } from '@ropewalk/core/endpoints'
import { describe, expect, test } from 'vitest'
import { Noting, TwoHosts } from '../two-hosts.ts'

describe('HostReactor', () => {
  test('resolves a lookup after the delay of the name service', async () => {
    const hosts = new TwoHosts()
    hosts.sim.network.names.set('both', ['10.9.9.9', hosts.server.address])
    hosts.sim.network.names.conditions = { delayMs: 40, failing: false }
    await hosts.sim.run(1)
    const { reactor } = hosts.client
    const protocol = new Noting()
    void connectProtocol(new HostnameEndpoint(reactor, 'both', 7), protocol)
    await hosts.sim.runUntil(() => protocol.made)
    expect(reactor.now()).toBeGreaterThan(290)
    await expect(reactor.lookup('both', { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
  })

  test('runs and stops, and drains its connections', async () => {
    const hosts = await TwoHosts.connected()
    const { reactor } = hosts.server
    const run = reactor.run()
    const stopped = reactor.stop({ drainMs: 1000 })
    await hosts.sim.run(5000)
    expect(await stopped).toMatchObject({ completed: [expect.stringContaining('Noting')], aborted: [] })
    await run
    expect([hosts.asked.losses.length, hosts.server.leaks()]).toEqual([1, []])
  })

  test('gives each host its own randomness, and keeps its log', async () => {
    const [one, other] = [new TwoHosts(), new TwoHosts()]
    expect(one.server.reactor.randomBytes(8)).toEqual(other.server.reactor.randomBytes(8))
    expect(one.server.reactor.randomBytes(8)).not.toEqual(one.client.reactor.randomBytes(8))
    one.sim.expectError('late')
    one.server.reactor.callLater(1, () => {
      throw new Error('late')
    })
    await one.sim.run(10)
    expect(one.server.reactor.logged).toMatchObject([{ text: 'A delayed call failed' }])
  })

  test('runs a LineReceiver over a link with loss', async () => {
    class Lines extends LineReceiver {
      readonly lines: string[] = []
      override lineReceived(line: Buffer): void {
        this.lines.push(line.toString())
      }
    }
    const hosts = new TwoHosts({ link: { lossPerMille: 50 } })
    await hosts.sim.run(1)
    const [server, client] = [new Lines(), new Lines()]
    await hosts.server.reactor.listenTCP(8, { buildProtocol: () => server, doStart() {}, doStop() {} })
    hosts.client.reactor.connectTCP('server', 8, { buildProtocol: () => client, doStart() {}, doStop() {} })
    await hosts.sim.runUntil(() => client.connected)
    for (let count = 0; count < 100; count++) client.sendLine(`line ${count}`)
    await hosts.sim.runUntil(() => server.lines.length === 100)
    expect(server.lines.at(-1)).toBe('line 99')
  })
})
