import { describe, expect, test } from 'vitest'
import { openExchange, Pending } from '../pending-protocol.ts'
import { frame, serverFrame } from '../websocket-exchange.ts'

/** Records pings, and replies to them when `replies` is true. */
class Pinged extends Pending {
  replies = false
  answer: unknown = undefined
  readonly statuses: string[] = []

  override pingReceived(payload: Buffer): unknown {
    this.calls.push(`ping ${payload.toString()}`)
    if (this.replies) this.statuses.push(this.transport.pong(payload))
    return this.answer
  }
}

describe('pingReceived', () => {
  test('is called after the pong was sent, also while a callback is pending', async () => {
    const protocol = new Pinged()
    const exchange = await openExchange(protocol)
    await exchange.send(frame(1, 'a'), frame(9, 'p'))
    expect(await exchange.received()).toEqual(serverFrame(10, 'p'))
    expect(protocol.calls).toEqual(['a', 'ping p'])
    protocol.settle()
  })

  test('gets only the newest ping after one whose promise is pending', async () => {
    const protocol = new Pinged()
    let settle = (): void => undefined
    protocol.answer = new Promise<void>((resolve) => (settle = resolve))
    const exchange = await openExchange(protocol)
    await exchange.send(frame(9, 'a'), frame(9, 'b'), frame(9, 'c'))
    expect(protocol.calls).toEqual(['ping a'])
    protocol.answer = undefined
    settle()
    await exchange.reactor.settle()
    expect(protocol.calls).toEqual(['ping a', 'ping c'])
    expect(await exchange.received()).toEqual(
      Buffer.concat(['a', 'b', 'c'].map((payload) => serverFrame(10, payload))),
    )
  })

  test('replies itself with autoPong false', async () => {
    const protocol = new Pinged()
    const exchange = await openExchange(protocol, { autoPong: false })
    await exchange.send(frame(9, 'a'))
    expect((await exchange.received()).length).toBe(0)
    protocol.replies = true
    await exchange.send(frame(9, 'b'))
    expect(await exchange.received()).toEqual(serverFrame(10, 'b'))
    expect(protocol.statuses).toEqual(['sent'])
  })
})

describe('transport.pong', () => {
  test('sends only the newest pong while the peer does not read, and none when closing', async () => {
    const protocol = new Pinged()
    const { transport, reactor } = await openExchange(protocol)
    const payload = Buffer.from('a')
    transport.clear()
    transport.block()
    protocol.transport.sendBytesMessage(Buffer.alloc(20_000))
    expect(protocol.transport.pong(payload)).toBe('queued')
    // The caller may change the bytes afterwards.
    payload[0] = 0
    expect(protocol.transport.pong(Buffer.from('b'))).toBe('queued')
    transport.unblock()
    await reactor.settle()
    expect(transport.bytes().subarray(20_004)).toEqual(serverFrame(10, 'b'))
    protocol.transport.loseConnection()
    expect(protocol.transport.pong()).toBe('dropped')
  })

  test('refuses other types, and more than 125 bytes', async () => {
    const protocol = new Pinged()
    await openExchange(protocol)
    expect(() => protocol.transport.pong('a' as never)).toThrow(TypeError)
    expect(() => protocol.transport.pong(Buffer.alloc(126))).toThrow(RangeError)
    expect(protocol.transport.pong(Buffer.alloc(125))).toBe('sent')
  })
})
