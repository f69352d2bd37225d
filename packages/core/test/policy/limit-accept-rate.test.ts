import { describe, expect, test } from 'vitest'
import { LimitAcceptRate } from '../../src/policy/limit-accept-rate.ts'
import { PolicedServer } from './policies.ts'

describe('LimitAcceptRate', () => {
  test('lets a burst in at once and the others at the rate, in their order', async () => {
    const server = await PolicedServer.listen((reactor) => ({
      policies: [new LimitAcceptRate(reactor, { perSecond: 2, burst: 3 })],
    }))
    for (let count = 0; count < 5; count++) server.connect()
    expect(server.served.length).toBe(3)
    server.reactor.advance(499)
    expect(server.served.length).toBe(3)
    server.reactor.advance(1)
    expect(server.served.length).toBe(4)
    server.reactor.advance(500)
    expect(server.served.length).toBe(5)
    expect(server.reactor.getDelayedCalls()).toEqual([])
  })
})
