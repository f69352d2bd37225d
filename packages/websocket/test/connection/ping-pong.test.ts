import { StringTransport } from '@ropewalk/core/testing'
import { Protocol } from '@ropewalk/core'
import { describe, expect, test } from 'vitest'
import { PingPong, type PingPongOwner } from '../../src/connection/ping-pong.ts'

class Silent extends Protocol {}

class Owner implements PingPongOwner {
  readonly transport = StringTransport.connect(new Silent())
  readonly done: string[] = []
  open = true
  autoPong = true
  settle: (() => void) | undefined

  sendPong(payload: Buffer): void {
    this.done.push(`sent ${payload.toString()}`)
  }
  deliverPing(): undefined {}
  deliverPong(payload: Buffer): Promise<void> | undefined {
    const text = payload.toString()
    this.done.push(`delivered ${text}`)
    return text.startsWith('wait') ? new Promise((resolve) => (this.settle = resolve)) : undefined
  }
}

function pings(...texts: readonly string[]): { owner: Owner; pingPong: PingPong } {
  const owner = new Owner()
  const pingPong = new PingPong(owner)
  for (const text of texts) pingPong.pingReceived(Buffer.from(text))
  return { owner, pingPong }
}

describe('PingPong', () => {
  test('replies to every ping at once while the peer reads', () => {
    expect(pings('a', 'b').owner.done).toEqual(['sent a', 'sent b'])
  })

  test('replies to every ping with 16 384 bytes unsent, and beyond only to the newest one', async () => {
    for (const [unsent, isHeld] of [
      [16_384, false],
      [16_385, true],
    ] as const) {
      const { owner, pingPong } = pings()
      owner.transport.block()
      owner.transport.write(Buffer.alloc(unsent))
      owner.transport.pump()
      for (const text of ['a', 'b', 'c']) pingPong.pingReceived(Buffer.from(text))
      expect(owner.done).toEqual(isHeld ? [] : ['sent a', 'sent b', 'sent c'])
      owner.transport.unblock()
      await owner.transport.reactor.settle()
      if (isHeld) expect(owner.done).toEqual(['sent c'])
    }
  })

  test('calls drained() once for any number of pings from a peer that does not read', async () => {
    const { owner, pingPong } = pings()
    owner.transport.block()
    owner.transport.write(Buffer.alloc(20_000))
    owner.transport.pump()
    let waits = 0
    const { transport } = owner
    transport.drained = () => {
      waits++
      return StringTransport.prototype.drained.call(transport)
    }
    for (let count = 0; count < 1_000; count++) pingPong.pingReceived(Buffer.from(String(count)))
    expect(waits).toBe(1)
    transport.unblock()
    await transport.reactor.settle()
    expect(owner.done).toEqual(['sent 999'])
  })

  test('delivers pongs at once, and only the newest of those that arrive during a callback', async () => {
    const { owner, pingPong } = pings()
    for (const text of ['a', 'wait', 'b', 'c', 'd']) pingPong.pongReceived(Buffer.from(text))
    expect(owner.done).toEqual(['delivered a', 'delivered wait'])
    owner.settle?.()
    await owner.transport.reactor.settle()
    expect(owner.done).toEqual(['delivered a', 'delivered wait', 'delivered d'])
  })

  test('does nothing once messages cannot be sent', async () => {
    const { owner, pingPong } = pings()
    for (const text of ['wait', 'b']) pingPong.pongReceived(Buffer.from(text))
    owner.open = false
    owner.settle?.()
    pingPong.pongReceived(Buffer.from('c'))
    pingPong.pingReceived(Buffer.from('p'))
    await owner.transport.reactor.settle()
    expect(owner.done).toEqual(['delivered wait'])
  })
})
