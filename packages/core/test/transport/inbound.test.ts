import { describe, expect, test } from 'vitest'
import { Gate } from '../../src/checks/check.ts'
import { MemoryReactor } from '../../src/testing.ts'
import { Inbound, type InboundTarget } from '../../src/transport/inbound.ts'
import { RecordingWire } from '../recording-wire.ts'

interface Made {
  readonly wire: RecordingWire
  /** The calls of the reader: the data of each delivery, `end`, and `overdue …`. */
  readonly calls: string[]
  readonly inbound: Inbound
  readonly reactor: MemoryReactor
}

describe('Inbound', () => {
  /** Records the calls of the reader in `calls`; `deliver` may do more. */
  const make = (
    deliver: (inbound: Inbound) => Promise<void> | undefined = () => undefined,
    halfCloses = false,
    options = OPTIONS,
  ): Made => {
    const [wire, calls, reactor] = [new RecordingWire(), [] as string[], new MemoryReactor()]
    const reader: InboundTarget = {
      halfCloses,
      deliver: (data) => {
        calls.push(data.toString())
        return deliver(inbound)
      },
    }
    const inbound: Inbound = new Inbound(wire, options, reactor, reader, {
      inputEnded: () => calls.push('end'),
      endOverdue: (heldBytes) => calls.push(`overdue ${heldBytes}`),
    })
    return { wire, calls, inbound, reactor }
  }
  const forever = (): Promise<void> => new Promise(() => undefined)

  test('reads and delivers all with a readAheadBytes of 0, and no more than one chunk while it is paused', () => {
    const { wire, calls, inbound } = make(undefined, false, { ...OPTIONS, readAheadBytes: 0 })
    for (const text of ['a', 'b']) inbound.push(Buffer.from(text))
    expect([calls, wire.calls.filter((call) => call === 'pause')]).toEqual([['a', 'b'], []])
    inbound.pause()
    inbound.push(Buffer.from('c'))
    expect(wire.calls.at(-1)).toBe('pause')
    inbound.resume()
    inbound.deliverHeld()
    expect([calls, wire.calls.at(-1)]).toEqual([['a', 'b', 'c'], 'resume'])
  })

  describe('with an end of input and no held bytes', () => {
    test.each([
      ['paused', ({ inbound }: Made): void => inbound.pause()],
      ['pending', ({ inbound }: Made): void => inbound.waitFor(forever())],
    ])('delivers the end at once to a %s reader that half-closes', (_how, block) => {
      const made = make(undefined, true)
      block(made)
      made.inbound.pushEnd()
      expect([made.calls, made.inbound.owesEnd]).toEqual([['end'], false])
      made.reactor.advance(60_000)
      expect([made.calls, made.reactor.getDelayedCalls()]).toEqual([['end'], []])
    })

    test.each([
      ['paused', ({ inbound }: Made): void => inbound.pause()],
      ['pending', ({ inbound }: Made): void => inbound.waitFor(forever())],
    ])('waits the grace for a %s reader that does not half-close, and no longer', (_how, block) => {
      const { calls, reactor, inbound, ...made } = make()
      block({ calls, reactor, inbound, ...made })
      inbound.pushEnd()
      reactor.advance(GRACE_MS - 1)
      expect([calls, inbound.owesEnd]).toEqual([[], true])
      reactor.advance(100)
      expect(calls).toEqual(['overdue 0'])
      inbound.close()
      expect([inbound.owesEnd, reactor.getDelayedCalls()]).toEqual([false, []])
    })

    test('has no deadline when the reader becomes ready', async () => {
      const gate = new Gate()
      const { calls, reactor, inbound } = make()
      inbound.waitFor(gate.opened)
      inbound.pushEnd()
      gate.open()
      await reactor.settle()
      expect([calls, reactor.getDelayedCalls()]).toEqual([['end'], []])
    })

    test('does not restart the grace for a reader that is paused again', () => {
      const { calls, reactor, inbound } = make()
      inbound.waitFor(forever())
      inbound.pushEnd()
      for (let passedMs = 0; passedMs < GRACE_MS; passedMs += GRACE_MS / 5) {
        reactor.advance(GRACE_MS / 5)
        inbound.pause()
        inbound.resume()
        inbound.deliverHeld()
      }
      reactor.advance(100)
      expect(calls).toEqual(['overdue 0'])
    })

    test('delivers the end after the held bytes to a reader that half-closes, even if a promise is pending', async () => {
      const gate = new Gate()
      const promises = [gate.opened, forever()]
      const { calls, inbound, reactor } = make(() => promises.shift(), true)
      inbound.push(Buffer.from('a'))
      inbound.push(Buffer.from('b'))
      inbound.pushEnd()
      expect(calls).toEqual(['a'])
      gate.open()
      await reactor.settle()
      expect(calls).toEqual(['a', 'b', 'end'])
    })

    test.each([true, false])(
      'delivers the end after the reader has returned from the last bytes, half-closing %s',
      (halfCloses) => {
        const order: string[] = []
        const reader: InboundTarget = {
          halfCloses,
          deliver: () => {
            order.push('begin')
            inbound.pushEnd()
            order.push('return')
            return undefined
          },
        }
        const inbound: Inbound = new Inbound(new RecordingWire(), OPTIONS, new MemoryReactor(), reader, {
          inputEnded: () => order.push('end'),
          endOverdue: () => order.push('overdue'),
        })
        inbound.push(Buffer.from('x'))
        expect(order).toEqual(['begin', 'return', 'end'])
      },
    )
  })

  describe('with bytes held before the end of input', () => {
    test('waits for its reader without a limit while the wire is up', () => {
      const { calls, reactor, inbound } = make(undefined, true)
      inbound.waitFor(forever())
      inbound.push(Buffer.from('held'))
      inbound.pushEnd()
      reactor.advance(60_000)
      expect([calls, inbound.owesEnd, reactor.getDelayedCalls()]).toEqual([[], true, []])
    })

    test('delivers held bytes within the grace after the wire has closed', async () => {
      const gates = [new Gate(), new Gate()] as const
      const promises: Promise<void>[] = [gates[1].opened]
      const { calls, reactor, inbound } = make(() => promises.shift() ?? forever(), true)
      inbound.waitFor(gates[0].opened)
      inbound.push(Buffer.from('abc'))
      inbound.pushEnd()
      inbound.wireClosed()
      reactor.advance(GRACE_MS - 1)
      gates[0].open()
      await reactor.settle()
      expect(calls).toEqual(['abc', 'end'])
      expect(reactor.getDelayedCalls()).toEqual([])
    })

    test('is overdue when no bytes are taken for the grace after the wire has closed', () => {
      const { calls, reactor, inbound } = make(undefined, true)
      inbound.pause()
      inbound.push(Buffer.from('held'))
      inbound.pushEnd()
      inbound.wireClosed()
      reactor.advance(GRACE_MS - 1)
      expect(calls).toEqual([])
      reactor.advance(100)
      expect(calls).toEqual(['overdue 4'])
    })

    test('restarts the grace with each delivery after the wire has closed', () => {
      const { calls, reactor, inbound } = make((self) => (self.pause(), undefined))
      inbound.pause()
      inbound.push(Buffer.from('held'))
      inbound.pushEnd()
      inbound.wireClosed()
      reactor.advance(GRACE_MS - 1)
      inbound.resume()
      inbound.deliverHeld()
      expect(calls).toEqual(['held'])
      reactor.advance(GRACE_MS - 1)
      expect(calls).toEqual(['held'])
      reactor.advance(101)
      expect(calls).toEqual(['held', 'overdue 0'])
    })

    test('restarts the grace for another reader', () => {
      const { calls, reactor, inbound } = make()
      inbound.pause()
      inbound.pushEnd()
      reactor.advance(GRACE_MS - 1)
      inbound.restart(undefined)
      inbound.pause()
      inbound.deliverHeld()
      reactor.advance(GRACE_MS - 1)
      expect(calls).toEqual([])
      reactor.advance(101)
      expect(calls).toEqual(['overdue 0'])
    })
  })

  test('has no deadline after it was detached from its wire', () => {
    const { calls, reactor, inbound } = make()
    inbound.pause()
    inbound.pushEnd()
    expect(inbound.detach()).toEqual({ data: undefined, ended: true })
    reactor.advance(60_000)
    expect([calls, reactor.getDelayedCalls()]).toEqual([[], []])
  })

  test('pauses the wire while the bytes held reach the read-ahead limit', () => {
    const { wire, calls, inbound } = make()
    inbound.pause()
    inbound.push(Buffer.from('12345'))
    expect(wire.calls).toEqual([])
    inbound.push(Buffer.from('67890'))
    inbound.push(Buffer.from('x'))
    expect(wire.calls).toEqual(['pause'])
    inbound.resume()
    inbound.deliverHeld()
    expect(wire.calls).toEqual(['pause', 'resume'])
    expect(calls).toEqual(['12345', '67890x'])
  })

  test('never pauses the wire for a reader that keeps up', () => {
    const { wire, inbound } = make()
    for (let i = 0; i < 5; i++) inbound.push(Buffer.alloc(100))
    expect(wire.calls).toEqual([])
  })

  test('delivers in order when a reader pauses and resumes within a delivery', () => {
    const { calls, inbound } = make((self) => {
      self.pause()
      self.resume()
      self.deliverHeld()
      return undefined
    })
    inbound.pause()
    for (const piece of 'abc') inbound.push(Buffer.from(piece))
    inbound.pushEnd()
    inbound.resume()
    inbound.deliverHeld()
    expect(calls).toEqual(['a', 'bc', 'end'])
  })

  test('continues by itself when a promise has settled', async () => {
    const gate = new Gate()
    const { calls, inbound } = make(() => gate.opened)
    inbound.push(Buffer.from('a'))
    inbound.push(Buffer.from('b'))
    inbound.pushEnd()
    expect([calls, inbound.owesEnd]).toEqual([['a'], true])
    gate.open()
    await gate.opened
    await Promise.resolve()
    await Promise.resolve()
    expect([calls, inbound.owesEnd]).toEqual([['a', 'b', 'end'], false])
  })

  test('delivers the end once', () => {
    const { calls, inbound } = make()
    inbound.pushEnd()
    inbound.pushEnd()
    inbound.deliverHeld()
    expect(calls).toEqual(['end'])
  })

  test('delivers the end to a new reader again, after the unread bytes', () => {
    const { calls, inbound } = make()
    inbound.pushEnd()
    inbound.restart(Buffer.from('unread'))
    inbound.deliverHeld()
    expect(calls).toEqual(['end', 'unread', 'end'])
  })

  test('delivers unread bytes before the held ones to a new reader, and drops pause and promise', () => {
    const { calls, inbound } = make((self) => {
      self.pause()
      return new Promise(() => undefined)
    })
    inbound.push(Buffer.from('a'))
    inbound.push(Buffer.from('held'))
    inbound.restart(Buffer.from('unread'))
    inbound.deliverHeld()
    expect(calls).toEqual(['a', 'unread'])
    inbound.restart(undefined)
    inbound.deliverHeld()
    expect(calls).toEqual(['a', 'unread', 'held'])
  })

  test('does not deliver an empty buffer to a new reader', () => {
    const { calls, inbound } = make()
    inbound.restart(Buffer.alloc(0))
    inbound.deliverHeld()
    expect(calls).toEqual([])
  })

  test('counts unread bytes as held', () => {
    const { wire, inbound } = make()
    inbound.restart(Buffer.alloc(10))
    inbound.pause()
    inbound.push(Buffer.alloc(1))
    expect(wire.calls).toEqual(['pause'])
  })

  test('does not continue when the promise of a replaced reader settles', async () => {
    const [first, second] = [new Gate(), new Gate()]
    const { calls, inbound } = make()
    inbound.waitFor(first.opened)
    inbound.push(Buffer.from('a'))
    inbound.restart(undefined)
    inbound.waitFor(second.opened)
    first.open()
    await first.opened
    await Promise.resolve()
    expect(calls).toEqual([])
  })

  test('makes the next delivery only after the last one has returned, also to another reader', () => {
    const order: string[] = []
    const wire = new RecordingWire()
    const reader: InboundTarget = {
      halfCloses: false,
      deliver: (data) => {
        order.push(`begin ${data.toString()}`)
        if (order.length === 1) inbound.restart(Buffer.from('unread'))
        inbound.deliverHeld()
        order.push('end')
        return undefined
      },
    }
    const inbound: Inbound = new Inbound(wire, OPTIONS, new MemoryReactor(), reader, {
      inputEnded: () => undefined,
      endOverdue: () => undefined,
    })
    inbound.push(Buffer.from('x'))
    expect(order).toEqual(['begin x', 'end', 'begin unread', 'end'])
  })

  test('delivers nothing after close, and resumes the wire', () => {
    const { wire, calls, inbound } = make()
    inbound.pause()
    inbound.push(Buffer.alloc(20))
    inbound.close()
    expect(wire.calls).toEqual(['pause', 'resume'])
    inbound.push(Buffer.alloc(20))
    inbound.resume()
    inbound.pushEnd()
    inbound.deliverHeld()
    expect(wire.calls).toEqual(['pause', 'resume'])
    expect([calls, inbound.owesEnd]).toEqual([[], false])
  })

  test('resumes its wire on detach, even if a policy had paused it', () => {
    const { wire, inbound } = make()
    inbound.setThrottled(true)
    inbound.detach()
    expect(wire.calls).toEqual(['pause', 'resume'])
  })

  test('delivers nothing while either of two promises is pending', async () => {
    const { calls, inbound } = make()
    const [one, other] = [new Gate(), new Gate()]
    inbound.waitFor(one.opened)
    inbound.waitFor(other.opened)
    inbound.push(Buffer.from('x'))
    other.open()
    await other.opened
    for (let ticks = 0; ticks < 10; ticks++) await Promise.resolve()
    expect(calls).toEqual([])
    one.open()
    for (let ticks = 0; ticks < 10; ticks++) await Promise.resolve()
    expect(calls).toEqual(['x'])
  })
})

const GRACE_MS = 5_000
const OPTIONS = { readAheadBytes: 10, departureGraceMs: GRACE_MS }
