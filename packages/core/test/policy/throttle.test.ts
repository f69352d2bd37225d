import { describe, expect, test } from 'vitest'
import { Throttle, TokenBucket } from '../../src/policies.ts'
import { PolicedServer } from './policies.ts'

describe('Throttle', () => {
  test('writes no faster than its rate: 30 bytes at 10 bytes a second take 2 s more', async () => {
    const server = await PolicedServer.listen({ policies: [new Throttle({ writeBytesPerSecond: 10 })] })
    const client = server.connect()
    server.served[0]?.transport.write('x'.repeat(10))
    server.served[0]?.transport.write(Buffer.alloc(20))
    server.reactor.pump()
    expect(client.bytes).toBe(10)
    server.reactor.advance(1000)
    expect(client.bytes).toBe(20)
    server.reactor.advance(1000)
    expect(client.bytes).toBe(30)
  })

  test('reads no faster than its rate', async () => {
    const server = await PolicedServer.listen({ policies: [new Throttle({ readBytesPerSecond: 10 })] })
    const client = server.connect()
    for (let second = 0; second < 3; second++) {
      client.transport.write('0123456789')
      server.reactor.pump()
    }
    expect(server.served[0]?.bytes).toBe(10)
    server.reactor.advance(100)
    expect(server.served[0]?.bytes).toBeGreaterThan(10)
    server.reactor.advance(5000)
    expect(server.served[0]?.bytes).toBe(30)
  })

  test('shares one rate among all connections when asked to, and closes at the end', async () => {
    const policies = [new Throttle({ writeBytesPerSecond: 10, for: 'all' })]
    const server = await PolicedServer.listen({ policies })
    const clients = [server.connect(), server.connect()]
    for (const { transport } of server.served) {
      transport.write(Buffer.alloc(10))
      transport.loseConnection()
    }
    server.reactor.pump()
    expect(clients.map(({ bytes }) => bytes).toSorted((a, b) => a - b)).toEqual([0, 10])
    server.reactor.advance(3000)
    expect(clients.map(({ bytes, lost }) => [bytes, lost])).toEqual([
      [10, true],
      [10, true],
    ])
  })

  test('refuses a rate of 0 or less', () => {
    for (const rate of [0, -1, NaN, Infinity]) {
      expect(() => new Throttle({ readBytesPerSecond: rate })).toThrow(RangeError)
      expect(() => new Throttle({ writeBytesPerSecond: rate })).toThrow(/writeBytesPerSecond/)
    }
    expect(() => new Throttle({ readBytesPerSecond: '10' as unknown as number })).toThrow(TypeError)
    expect(() => new Throttle({ bytesPerSecond: 10 } as object)).toThrow(
      /readBytesPerSecond|writeBytesPerSecond/,
    )
    expect(() => new Throttle({ for: 'everyone' as 'all' })).toThrow(/for/)
  })
})

describe('TokenBucket', () => {
  test('allows a burst, then its rate', () => {
    const bucket = new TokenBucket(10, 20)
    expect(bucket.available(0)).toBe(20)
    bucket.take(20, 0)
    expect(bucket.available(0)).toBe(0)
    expect(bucket.waitMs(0)).toBe(100)
    expect(bucket.available(99)).toBe(0)
    expect(bucket.available(100)).toBe(1)
    expect(bucket.available(1_000_000)).toBe(20)
  })

  test('waits until an overdraft is refilled', () => {
    const bucket = new TokenBucket(10)
    bucket.take(30, 0)
    expect(bucket.available(0)).toBe(-20)
    expect(bucket.waitMs(0)).toBe(2100)
    expect(bucket.available(2100)).toBe(1)
  })

  test('refuses a rate of 0 or less', () => {
    for (const rate of [0, -1, Number.NaN]) expect(() => new TokenBucket(rate)).toThrow(RangeError)
    expect(() => new TokenBucket(1, 0.5)).toThrow(RangeError)
    for (const rate of ['10', null]) expect(() => new TokenBucket(rate as never)).toThrow(TypeError)
    expect(new TokenBucket(0.5).available(0)).toBe(1)
  })

  test('with an infinite rate, allows its burst again at any time', () => {
    const [endless, bursts] = [new TokenBucket(Infinity), new TokenBucket(Infinity, 3)]
    for (const bucket of [endless, bursts]) bucket.take(1_000_000, 0)
    expect([endless.available(0), bursts.available(0), bursts.waitMs(0)]).toEqual([Infinity, 3, 0])
  })
})
