import { describe, expect, test } from 'vitest'
import { LISTEN_MULTICAST_RULES, LISTEN_UDP_RULES } from '../../src/datagram/listen-udp-rules.ts'
import { DatagramProtocol } from '../../src/protocol/datagram-protocol.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'

class Silent extends DatagramProtocol {
  override datagramReceived() {}
}

describe('listenUDP and listenMulticast', () => {
  const NUMBERS = ['maxPacketBytes', 'maxBufferedBytes', 'maxPending']

  test.each(NUMBERS.flatMap((name) => [NaN, -1, '5000', 1.5, null].map((value) => [name, value] as const)))(
    'refuse %s %o',
    async (name, value) => {
      const reactor = new MemoryReactor()
      const options = { [name]: value }
      await expect(reactor.listenUDP(53, new Silent(), options as never)).rejects.toThrow(
        `Cannot take ${name} `,
      )
      await expect(reactor.listenMulticast(53, new Silent(), options as never)).rejects.toThrow(name)
    },
  )

  test('refuse a name that node:dgram uses', async () => {
    const listening = new MemoryReactor().listenUDP(53, new Silent(), { address: '127.0.0.1' } as never)
    await expect(listening).rejects.toThrow('"address" for listenUDP: did you mean interface?')
  })

  test('take undefined for the default: a datagram at the limit is delivered, one beyond it dropped', async () => {
    const reactor = new MemoryReactor()
    const lengths: number[] = []
    class Measuring extends DatagramProtocol {
      override datagramReceived(data: Buffer) {
        lengths.push(data.length)
      }
    }
    const options = { maxPacketBytes: undefined, maxPending: undefined, maxBufferedBytes: undefined }
    const port = await reactor.listenUDP(53, new Measuring(), options)
    const other = await reactor.listenUDP(54, new Silent())
    for (const bytes of [8_192, 8_193]) other.write(Buffer.alloc(bytes), { host: '127.0.0.1', port: 53 })
    reactor.pump()
    expect(lengths).toEqual([8_192])
    expect(port.drops.tooLong).toBe(1)
  })
})

test('each has its own name for a shared port', () => {
  expect(Object.keys(LISTEN_UDP_RULES)).toContain('reuseAddress')
  expect(Object.keys(LISTEN_MULTICAST_RULES)).not.toContain('reuseAddress')
})
