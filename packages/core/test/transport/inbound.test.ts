import { describe, expect, test } from 'vitest'
import { Gate } from '../../src/testing/checks/gate.ts'
import { Inbound } from '../../src/transport/inbound.ts'
import { RecordingWire } from '../recording-wire.ts'

describe('Inbound', () => {
  /** What is delivered is noted in `told`; `deliver` may do more. */
  const make = (
    deliver: (inbound: Inbound) => Promise<void> | undefined = () => undefined,
  ): { wire: RecordingWire; told: string[]; inbound: Inbound } => {
    const [wire, told] = [new RecordingWire(), [] as string[]]
    const inbound: Inbound = new Inbound(wire, 10, {
      deliver: (data) => {
        told.push(data.toString())
        return deliver(inbound)
      },
      deliverEnd: () => told.push('end'),
    })
    return { wire, told, inbound }
  }

  test('keeps the wire from bringing more once the bound is held, until less is', () => {
    const { wire, told, inbound } = make()
    inbound.pause()
    inbound.push(Buffer.from('12345'))
    expect(wire.calls).toEqual([])
    inbound.push(Buffer.from('67890'))
    inbound.push(Buffer.from('x'))
    expect(wire.calls).toEqual(['pause'])
    inbound.resume()
    inbound.deliver()
    expect(wire.calls).toEqual(['pause', 'resume'])
    expect(told).toEqual(['12345', '67890x'])
  })

  test('never pauses the wire for a reader that keeps up', () => {
    const { wire, inbound } = make()
    for (let i = 0; i < 5; i++) inbound.push(Buffer.alloc(100))
    expect(wire.calls).toEqual([])
  })

  test('delivers in order when a reader pauses and resumes within a delivery', () => {
    const { told, inbound } = make((self) => {
      self.pause()
      self.resume()
      self.deliver()
      return undefined
    })
    inbound.pause()
    for (const piece of 'abc') inbound.push(Buffer.from(piece))
    inbound.pushEnd()
    inbound.resume()
    inbound.deliver()
    expect(told).toEqual(['a', 'bc', 'end'])
  })

  test('goes on by itself once a promise has settled', async () => {
    const gate = new Gate()
    const { told, inbound } = make(() => gate.opened)
    inbound.push(Buffer.from('a'))
    inbound.push(Buffer.from('b'))
    inbound.pushEnd()
    expect([told, inbound.owesEnd]).toEqual([['a'], true])
    gate.open()
    await gate.opened
    await Promise.resolve()
    await Promise.resolve()
    expect([told, inbound.owesEnd]).toEqual([['a', 'b', 'end'], false])
  })

  test('tells the end once', () => {
    const { told, inbound } = make()
    inbound.pushEnd()
    inbound.pushEnd()
    inbound.deliver()
    expect(told).toEqual(['end'])
  })

  test('tells a new reader the end again, after the unread bytes', () => {
    const { told, inbound } = make()
    inbound.pushEnd()
    inbound.restart(Buffer.from('unread'))
    inbound.deliver()
    expect(told).toEqual(['end', 'unread', 'end'])
  })

  test('puts unread bytes before what is held, and forgets pause and promise', () => {
    const { told, inbound } = make((self) => {
      self.pause()
      return new Promise(() => undefined)
    })
    inbound.push(Buffer.from('a'))
    inbound.push(Buffer.from('held'))
    inbound.restart(Buffer.from('unread'))
    inbound.deliver()
    expect(told).toEqual(['a', 'unread'])
    inbound.restart(undefined)
    inbound.deliver()
    expect(told).toEqual(['a', 'unread', 'held'])
  })

  test('gives a new reader no empty piece', () => {
    const { told, inbound } = make()
    inbound.restart(Buffer.alloc(0))
    inbound.deliver()
    expect(told).toEqual([])
  })

  test('counts unread bytes among those it holds', () => {
    const { wire, inbound } = make()
    inbound.restart(Buffer.alloc(10))
    inbound.pause()
    inbound.push(Buffer.alloc(1))
    expect(wire.calls).toEqual(['pause'])
  })

  test('is not let on by the promise of a reader that was replaced', async () => {
    const [first, second] = [new Gate(), new Gate()]
    const { told, inbound } = make()
    inbound.waitFor(first.opened)
    inbound.push(Buffer.from('a'))
    inbound.restart(undefined)
    inbound.waitFor(second.opened)
    first.open()
    await first.opened
    await Promise.resolve()
    expect(told).toEqual([])
  })

  test('lets a delivery return before the next, also to another reader', () => {
    const order: string[] = []
    const wire = new RecordingWire()
    const inbound: Inbound = new Inbound(wire, 10, {
      deliver: (data) => {
        order.push(`begin ${data.toString()}`)
        if (order.length === 1) inbound.restart(Buffer.from('unread'))
        inbound.deliver()
        order.push('end')
        return undefined
      },
      deliverEnd: () => undefined,
    })
    inbound.push(Buffer.from('x'))
    expect(order).toEqual(['begin x', 'end', 'begin unread', 'end'])
  })

  test('delivers nothing once closed, and lets the wire run dry', () => {
    const { wire, told, inbound } = make()
    inbound.pause()
    inbound.push(Buffer.alloc(20))
    inbound.close()
    expect(wire.calls).toEqual(['pause', 'resume'])
    inbound.push(Buffer.alloc(20))
    inbound.resume()
    inbound.pushEnd()
    inbound.deliver()
    expect(wire.calls).toEqual(['pause', 'resume'])
    expect([told, inbound.owesEnd]).toEqual([[], false])
  })

  test('leaves its wire open when another takes it over, though a policy had stopped it', () => {
    const { wire, inbound } = make()
    inbound.throttle(true)
    inbound.detach()
    expect(wire.calls).toEqual(['pause', 'resume'])
  })

  test('delivers nothing while either of two promises is pending', async () => {
    const { told, inbound } = make()
    const [one, other] = [new Gate(), new Gate()]
    inbound.waitFor(one.opened)
    inbound.waitFor(other.opened)
    inbound.push(Buffer.from('x'))
    other.open()
    await other.opened
    for (let ticks = 0; ticks < 10; ticks++) await Promise.resolve()
    expect(told).toEqual([])
    one.open()
    for (let ticks = 0; ticks < 10; ticks++) await Promise.resolve()
    expect(told).toEqual(['x'])
  })
})
