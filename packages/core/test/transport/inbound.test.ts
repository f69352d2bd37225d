import { describe, expect, test } from 'vitest'
import { Gate } from '../../src/checks/assertions.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'
import { Inbound } from '../../src/transport/inbound.ts'
import { RecordingWire } from '../recording-wire.ts'

interface Made {
  readonly wire: RecordingWire
  /** What was delivered: the pieces, `end`, and `overdue …`. */
  readonly told: string[]
  readonly inbound: Inbound
  readonly reactor: MemoryReactor
}

describe('Inbound', () => {
  /** What is delivered is noted in `told`; `deliver` may do more. */
  const make = (
    deliver: (inbound: Inbound) => Promise<void> | undefined = () => undefined,
    halfCloses = false,
  ): Made => {
    const [wire, told, reactor] = [new RecordingWire(), [] as string[], new MemoryReactor()]
    const inbound: Inbound = new Inbound(wire, OPTIONS, reactor, {
      halfCloses,
      deliver: (data) => {
        told.push(data.toString())
        return deliver(inbound)
      },
      deliverEnd: () => told.push('end'),
      endOverdue: (heldBytes) => told.push(`overdue ${heldBytes}`),
    })
    return { wire, told, inbound, reactor }
  }
  const forever = (): Promise<void> => new Promise(() => undefined)

  describe('with an end before which nothing is held', () => {
    test.each([
      ['paused', ({ inbound }: Made): void => inbound.pause()],
      ['pending', ({ inbound }: Made): void => inbound.waitFor(forever())],
    ])('delivers it at once to a %s reader that goes on after it', (_how, block) => {
      const made = make(undefined, true)
      block(made)
      made.inbound.pushEnd()
      expect([made.told, made.inbound.owesEnd]).toEqual([['end'], false])
      made.reactor.advance(60_000)
      expect([made.told, made.reactor.getDelayedCalls()]).toEqual([['end'], []])
    })

    test.each([
      ['paused', ({ inbound }: Made): void => inbound.pause()],
      ['pending', ({ inbound }: Made): void => inbound.waitFor(forever())],
    ])('waits the grace for a %s reader that does not go on after it, and no longer', (_how, block) => {
      const { told, reactor, inbound, ...made } = make()
      block({ told, reactor, inbound, ...made })
      inbound.pushEnd()
      reactor.advance(GRACE_MS - 1)
      expect([told, inbound.owesEnd]).toEqual([[], true])
      reactor.advance(100)
      expect(told).toEqual(['overdue 0'])
      inbound.close()
      expect([inbound.owesEnd, reactor.getDelayedCalls()]).toEqual([false, []])
    })

    test('keeps no deadline once the reader is ready for it', async () => {
      const gate = new Gate()
      const { told, reactor, inbound } = make()
      inbound.waitFor(gate.opened)
      inbound.pushEnd()
      gate.open()
      await reactor.settle()
      expect([told, reactor.getDelayedCalls()]).toEqual([['end'], []])
    })

    test('does not begin the grace anew for a reader that is paused again', () => {
      const { told, reactor, inbound } = make()
      inbound.waitFor(forever())
      inbound.pushEnd()
      for (let passedMs = 0; passedMs < GRACE_MS; passedMs += GRACE_MS / 5) {
        reactor.advance(GRACE_MS / 5)
        inbound.pause()
        inbound.resume()
        inbound.deliver()
      }
      reactor.advance(100)
      expect(told).toEqual(['overdue 0'])
    })

    test('delivers it after what was held, though the promise of that is pending, to a reader that goes on', async () => {
      const gate = new Gate()
      const promises = [gate.opened, forever()]
      const { told, inbound, reactor } = make(() => promises.shift(), true)
      inbound.push(Buffer.from('a'))
      inbound.push(Buffer.from('b'))
      inbound.pushEnd()
      expect(told).toEqual(['a'])
      gate.open()
      await reactor.settle()
      expect(told).toEqual(['a', 'b', 'end'])
    })

    test.each([true, false])(
      'lets the reader return that was given the last bytes, half-closing %s',
      (halfCloses) => {
        const order: string[] = []
        const inbound: Inbound = new Inbound(new RecordingWire(), OPTIONS, new MemoryReactor(), {
          halfCloses,
          deliver: () => {
            order.push('begin')
            inbound.pushEnd()
            order.push('return')
            return undefined
          },
          deliverEnd: () => order.push('end'),
          endOverdue: () => order.push('overdue'),
        })
        inbound.push(Buffer.from('x'))
        expect(order).toEqual(['begin', 'return', 'end'])
      },
    )
  })

  describe('with bytes held before an end', () => {
    test('waits for its reader as long as the wire is up', () => {
      const { told, reactor, inbound } = make(undefined, true)
      inbound.waitFor(forever())
      inbound.push(Buffer.from('held'))
      inbound.pushEnd()
      reactor.advance(60_000)
      expect([told, inbound.owesEnd, reactor.getDelayedCalls()]).toEqual([[], true, []])
    })

    test('waits the grace once the wire has closed, anew with each delivery', async () => {
      const gates = [new Gate(), new Gate()] as const
      const promises: Promise<void>[] = [gates[1].opened]
      const { told, reactor, inbound } = make(() => promises.shift() ?? forever(), true)
      inbound.waitFor(gates[0].opened)
      inbound.push(Buffer.from('abc'))
      inbound.pushEnd()
      inbound.awaitReader()
      reactor.advance(GRACE_MS - 1)
      gates[0].open()
      await reactor.settle()
      expect(told).toEqual(['abc', 'end'])
      expect(reactor.getDelayedCalls()).toEqual([])
    })

    test('gives up when nothing was taken for the grace once the wire has closed', () => {
      const { told, reactor, inbound } = make(undefined, true)
      inbound.pause()
      inbound.push(Buffer.from('held'))
      inbound.pushEnd()
      inbound.awaitReader()
      reactor.advance(GRACE_MS - 1)
      expect(told).toEqual([])
      reactor.advance(100)
      expect(told).toEqual(['overdue 4'])
    })

    test('begins the grace anew with each delivery once the wire has closed', () => {
      const { told, reactor, inbound } = make((self) => (self.pause(), undefined))
      inbound.pause()
      inbound.push(Buffer.from('held'))
      inbound.pushEnd()
      inbound.awaitReader()
      reactor.advance(GRACE_MS - 1)
      inbound.resume()
      inbound.deliver()
      expect(told).toEqual(['held'])
      reactor.advance(GRACE_MS - 1)
      expect(told).toEqual(['held'])
      reactor.advance(101)
      expect(told).toEqual(['held', 'overdue 0'])
    })

    test('gives another reader the grace anew', () => {
      const { told, reactor, inbound } = make()
      inbound.pause()
      inbound.pushEnd()
      reactor.advance(GRACE_MS - 1)
      inbound.restart(undefined)
      inbound.pause()
      inbound.deliver()
      reactor.advance(GRACE_MS - 1)
      expect(told).toEqual([])
      reactor.advance(101)
      expect(told).toEqual(['overdue 0'])
    })
  })

  test('keeps no deadline for a wire that it has left', () => {
    const { told, reactor, inbound } = make()
    inbound.pause()
    inbound.pushEnd()
    expect(inbound.detach()).toEqual({ data: undefined, ended: true })
    reactor.advance(60_000)
    expect([told, reactor.getDelayedCalls()]).toEqual([[], []])
  })

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
    const inbound: Inbound = new Inbound(wire, OPTIONS, new MemoryReactor(), {
      halfCloses: false,
      endOverdue: () => undefined,
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

const GRACE_MS = 5_000
const OPTIONS = { readAheadBytes: 10, departureGraceMs: GRACE_MS }
