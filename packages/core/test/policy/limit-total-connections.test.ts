import { describe, expect, test } from 'vitest'
import { LimitTotalConnections } from '../../src/policy/limit-total-connections.ts'
import { PolicedServer } from './policies.ts'

describe('LimitTotalConnections', () => {
  test('serves two, lets the third wait, and serves it when one leaves (row 177)', async () => {
    const policy = new LimitTotalConnections(2)
    const server = await PolicedServer.listen({ policies: [policy] })
    const [first, , third] = [server.connect(), server.connect(), server.connect()]
    third.transport.write('early')
    server.reactor.pump()
    expect([server.served.length, policy.count, third.connected]).toEqual([2, 2, true])
    first.transport.loseConnection()
    server.reactor.pump()
    expect([server.served.length, third.text]).toEqual([3, 'early'])
  })

  test('counts over all that it is given to', async () => {
    const policy = new LimitTotalConnections(1)
    const server = await PolicedServer.listen({ policies: [policy], maxWaitMs: 100 })
    server.connect()
    const other = server.connect()
    server.reactor.advance(100)
    server.reactor.pump()
    expect([policy.count, other.lost]).toEqual([1, true])
  })

  test('needs room for one', () => {
    expect(() => new LimitTotalConnections(0)).toThrow(RangeError)
  })
})
