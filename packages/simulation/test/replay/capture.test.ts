import { parseRecording } from '@ropewalk/core/policies'
import { describe, expect, test } from 'vitest'
import { TwoHosts } from '../two-hosts.ts'

describe('Capture', () => {
  test('contains each byte delivered over the link once and in order, despite retransmissions', async () => {
    const hosts = new TwoHosts({ link: { lossPerMille: 200 } })
    const { sim, client, server } = hosts
    const [forth, back] = sim.network.between(client, server).map((link) => sim.capture(link))
    await hosts.connect()
    const sent = sim.random.bytes(5000)
    hosts.asked.transport.write(sent)
    hosts.served.transport.write('answer')
    await sim.run(60_000)
    hosts.asked.transport.loseConnection()
    await sim.run(60_000)
    const bytes = (capture: typeof forth): Buffer =>
      Buffer.concat(
        (capture?.recording ?? []).flatMap((event) => (event.what === 'received' ? [event.bytes] : [])),
      )
    expect(bytes(forth).equals(sent)).toBe(true)
    expect(bytes(back).toString()).toBe('answer')
    expect(forth?.recording[0]).toMatchObject({
      connection: 1,
      what: 'opened',
      peer: expect.stringMatching(/^client:/),
    })
    expect(forth?.recording.at(-1)).toMatchObject({ connection: 1, what: 'closed', clean: true })
    expect(parseRecording(String(back)).length).toBe(back?.recording.length)
  })

  test('distinguishes a reset from a FIN, and records nothing after stop', async () => {
    const hosts = await TwoHosts.connected()
    const capture = hosts.sim.capture(hosts.sim.network.link(hosts.client, hosts.server))
    hosts.asked.transport.write('hello')
    await hosts.sim.run(1000)
    hosts.asked.transport.abortConnection()
    await hosts.sim.run(1000)
    expect(capture.recording.at(-1)).toMatchObject({ what: 'closed', clean: false })
    const before = capture.recording.length
    capture.stop()
    await hosts.connect()
    hosts.asked.transport.write('more')
    await hosts.sim.run(1000)
    expect(capture.recording).toHaveLength(before)
  })
})
