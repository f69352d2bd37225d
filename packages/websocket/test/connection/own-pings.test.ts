import { MemoryReactor } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { OwnPings } from '../../src/connection/own-pings.ts'

describe('OwnPings', () => {
  test('recognizes the pongs of its own pings, and measures the newest one', () => {
    const reactor = new MemoryReactor()
    const pings = new OwnPings(reactor)
    const [first, second] = [pings.next(), pings.next()]
    expect(first).not.toEqual(second)
    reactor.advance(5)
    expect(pings.pongReceived(first)).toBe(true)
    expect(pings.latencyMs).toBeUndefined()
    expect(pings.pongReceived(second)).toBe(true)
    expect(pings.latencyMs).toBe(5)
    reactor.advance(5)
    expect(pings.pongReceived(second)).toBe(true)
    expect(pings.latencyMs).toBe(5)
  })

  test('recognizes no other pong: of another length, with another first byte, or of another WebSocket', () => {
    const reactor = new MemoryReactor()
    const pings = new OwnPings(reactor)
    const payload = pings.next()
    const others = [
      Buffer.alloc(0),
      payload.subarray(0, 11),
      Buffer.concat([payload, Buffer.of(0)]),
      new OwnPings(reactor).next(),
    ]
    for (let at = 0; at < 8; at++) {
      const changed = Buffer.from(payload)
      changed[at] = (payload[at] ?? 0) ^ 1
      others.push(changed)
    }
    for (const other of others) expect(pings.pongReceived(other), other.toString('hex')).toBe(false)
    expect(pings.latencyMs).toBeUndefined()
  })
})
