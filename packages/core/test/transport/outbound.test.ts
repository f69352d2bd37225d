import { describe, expect, test } from 'vitest'
import { LocalProtocolError } from '../../src/index.ts'
import { TokenBucket } from '../../src/policies.ts'
import { callSafely } from '../../src/reactor.ts'
import { Clock } from '../../src/testing.ts'
import { ConnectionRate, HiddenOutput, Outbound } from '../../src/transport/outbound.ts'
import { DEFAULT_TRANSPORT_OPTIONS } from '../../src/transport/transport-options.ts'
import { RecordingWire } from '../recording-wire.ts'

describe('Outbound', () => {
  interface Made {
    readonly wire: RecordingWire
    readonly clock: Clock
    readonly notes: string[]
    readonly outbound: Outbound
  }

  const make = (options = {}): Made => {
    const [wire, clock, notes] = [new RecordingWire(), new Clock(), [] as string[]]
    const all = { ...DEFAULT_TRANSPORT_OPTIONS, ...options }
    const outbound = new Outbound(wire, all, clock, {
      outputQueued: () => notes.push('queued'),
      outputFinished: () => notes.push('finished'),
      outputFailed: (why) => notes.push(why),
      callProducer: (call) => void callSafely(call, (error) => notes.push(String(error))),
    })
    return { wire, clock, notes, outbound }
  }

  const bytesIn = (wire: RecordingWire): number => wire.sent.reduce((sum, part) => sum + part.length, 0)

  test('requests a flush, and sends early when more than 64 KiB are queued', () => {
    const { wire, notes, outbound } = make()
    outbound.write('small')
    expect([notes, wire.sent]).toEqual([['queued'], []])
    outbound.write(Buffer.alloc(65_536))
    expect(bytesIn(wire)).toBe(65_541)
    expect(outbound.bytes).toBe(0)
  })

  test('writes at most 64 KiB to a wire that blocks, and the rest when it is writable', () => {
    const { wire, outbound } = make()
    wire.open = false
    outbound.write(Buffer.alloc(1_000_000))
    expect([bytesIn(wire), outbound.bytes]).toEqual([65_536, 1_000_000])
    outbound.flush()
    expect(bytesIn(wire)).toBe(65_536)
    wire.open = true
    outbound.writable()
    expect([bytesIn(wire), outbound.bytes]).toEqual([1_000_000, 0])
  })

  test('fails at a write when the queue is beyond its cap, not when it is at its cap', () => {
    const { wire, notes, outbound } = make({ maxBufferedBytes: 100 })
    wire.open = false
    outbound.write(Buffer.alloc(100))
    outbound.flush()
    expect([outbound.bytes, outbound.write('x')]).toEqual([100, true])
    expect(notes).toEqual(['queued', 'queued'])
    expect(outbound.write('y')).toBe(false)
    expect(notes.at(-1)).toBe('more than 100 bytes wait for the peer')
    expect(outbound.bytes).toBe(101)
  })

  test.each([
    [100, 'at once'],
    [101, 'later'],
  ])('with %i queued bytes and a low-water mark of 100, resolves drained %s', async (bytes, when) => {
    const { wire, outbound } = make({ lowWaterBytes: 100 })
    wire.open = false
    outbound.write(Buffer.alloc(bytes))
    let drained = false
    void outbound.drained().then(() => (drained = true))
    await Promise.resolve()
    expect(drained).toBe(when === 'at once')
  })

  test('resolves drained when exactly the low-water mark is left', async () => {
    const { wire, outbound } = make({ lowWaterBytes: 100_000 - 65_536 })
    wire.open = false
    outbound.write(Buffer.alloc(100_000))
    let drained = false
    void outbound.drained().then(() => (drained = true))
    outbound.writable()
    await Promise.resolve()
    expect([outbound.bytes, drained]).toEqual([100_000 - 65_536, true])
  })

  test('restarts the stall deadline with every piece that has left', () => {
    const { wire, clock, notes, outbound } = make({ writeStallMs: 1000 })
    wire.open = false
    outbound.write(Buffer.alloc(600_000))
    for (let round = 0; round < 2; round++) {
      clock.advance(900)
      outbound.writable()
    }
    clock.advance(900)
    expect(notes).toEqual(['queued'])
    clock.advance(100)
    expect(notes).toEqual(['queued', 'the peer took no output for 1000 ms'])
  })

  test('allows a slow peer the time to read the send buffer at the lowest rate, and no more', () => {
    const { wire, clock, notes, outbound } = make({ writeStallMs: 1000, minBytesPerSecond: 1000 })
    wire.hiddenBytes = 1_000_000
    wire.open = false
    outbound.write(Buffer.alloc(600_000))
    clock.advance(66_500)
    expect(notes).toEqual(['queued'])
    clock.advance(100)
    expect(notes).toEqual(['queued', 'the peer took no output for 66536 ms'])
  })

  test.each([
    ['counts output written just now', 10, 0],
    ['does not count output written long ago', 10, 1_000_000],
  ])('%s as in the send buffer', (_what, pieces, passedMs) => {
    const { wire, clock, notes, outbound } = make({ writeStallMs: 1000, minBytesPerSecond: 1000 })
    wire.hiddenBytes = 300_000
    for (let piece = 0; piece < pieces; piece++) outbound.write(Buffer.alloc(65_536))
    clock.advance(passedMs)
    wire.open = false
    outbound.write(Buffer.alloc(100))
    outbound.flush()
    const graceMs = passedMs === 0 ? 300_000 : 100
    clock.advance(1000 + graceMs - 100)
    expect(notes).not.toContainEqual(expect.stringContaining('the peer took no output'))
    clock.advance(200)
    expect(notes).toContainEqual(expect.stringContaining('the peer took no output'))
  })

  test('never fails for a peer that reads at the lowest rate, however rarely the wire shows progress', () => {
    const { wire, clock, notes, outbound } = make({ writeStallMs: 1000, minBytesPerSecond: 1000 })
    wire.hiddenBytes = 4_000_000
    outbound.write(Buffer.alloc(8_000_000))
    for (let round = 0; round < 4; round++) {
      wire.open = false
      outbound.write(Buffer.alloc(2_000_000))
      outbound.flush()
      // The peer reads 1 000 bytes a second, but the system reports free space late.
      clock.advance(1_300_000)
      wire.open = true
      outbound.writable()
    }
    expect(notes.filter((what) => what.startsWith('the peer took no output'))).toEqual([])
    expect([outbound.bytes, clock.getDelayedCalls()]).toEqual([0, []])
  })

  test('notifies its watch of sent output, of delays and of the end', () => {
    const { wire, clock, outbound } = make({ minBytesPerSecond: 1000 })
    const seen: string[] = []
    outbound.observe({
      sent: () => seen.push(`sent at ${clock.now()}`),
      heldUp: (forMs) => seen.push(`held up for ${forMs}`),
      ended: () => seen.push('ended'),
    })
    outbound.write('x')
    outbound.flush()
    outbound.flush()
    expect(seen.splice(0)).toEqual(['sent at 0'])
    wire.open = false
    wire.hiddenBytes = 100_000
    outbound.write('y'.repeat(1999))
    outbound.flush()
    expect(seen.splice(0)).toEqual(['held up for 2000'])
    clock.advance(500)
    outbound.writable()
    expect(seen.splice(0)).toEqual(['sent at 500'])
    outbound.write('z'.repeat(3000))
    outbound.flush()
    expect(seen.splice(0)).toEqual(['held up for 4500'])
    outbound.finish()
    outbound.writable()
    expect(seen).toEqual(['sent at 500', 'ended'])
  })

  test('notifies its watch of how long a rate limit delays output', () => {
    const { clock, outbound } = make()
    const seen: string[] = []
    const note = (what: string) => (forMs?: number) => seen.push(`${what} ${forMs ?? ''}`.trim())
    outbound.observe({ sent: note('sent'), heldUp: note('held up for'), ended: note('ended') })
    outbound.limitRate([new TokenBucket(10)], clock, () => undefined)
    outbound.write('x'.repeat(12))
    outbound.flush()
    expect(seen.splice(0)).toEqual(['sent', 'held up for 100'])
    clock.advance(100)
    expect(seen).toEqual(['sent', 'held up for 100'])
  })

  test('has no deadline when all output has left', () => {
    const { wire, clock, outbound } = make()
    wire.open = false
    outbound.write(Buffer.alloc(100_000))
    expect(clock.getDelayedCalls()).toHaveLength(1)
    wire.open = true
    outbound.writable()
    expect(clock.getDelayedCalls()).toEqual([])
  })

  test('works after a stopped reactor has cancelled its stall deadline', () => {
    const { wire, clock, outbound } = make()
    wire.open = false
    outbound.write(Buffer.alloc(100_000))
    for (const call of clock.getDelayedCalls()) call.cancel()
    expect(() => {
      outbound.writable()
      outbound.stop()
    }).not.toThrow()
  })

  test('fails at a write beyond the cap, not at the one that reaches it', () => {
    const { wire, notes, outbound } = make({ maxBufferedBytes: 1000 })
    wire.open = false
    expect(outbound.write('x'.repeat(5000))).toBe(true)
    expect(outbound.writeSequence(['a', 'b'])).toBe(false)
    expect(notes).toEqual(['queued', 'more than 1000 bytes wait for the peer'])
  })

  test('finishes once, when all output has left and the producer is unregistered', () => {
    const { notes, outbound } = make()
    const calls: string[] = []
    const note = (call: string) => (): void => void calls.push(call)
    outbound.registerProducer(
      { pauseProducing: note('pause'), resumeProducing: note('resume'), stopProducing: note('stop') },
      true,
    )
    outbound.finish()
    outbound.finish()
    outbound.flush()
    expect([notes, outbound.finished]).toEqual([['queued'], false])
    outbound.unregisterProducer()
    outbound.flush()
    outbound.flush()
    expect([notes, outbound.finished]).toEqual([['queued', 'queued', 'finished'], true])
    expect([outbound.write('late'), calls]).toEqual([false, []])
  })

  test('stops a producer once and unregisters it, so that output can finish', () => {
    const { notes, outbound } = make()
    const calls: string[] = []
    outbound.stopProducer()
    outbound.registerProducer(
      {
        pauseProducing: () => undefined,
        resumeProducing: () => undefined,
        // It is already unregistered when it is called, so these calls change nothing.
        stopProducing: () => {
          calls.push(`stop, takes writes: ${outbound.takesWrites}`)
          outbound.stopProducer()
          outbound.unregisterProducer()
        },
      },
      true,
    )
    outbound.finish()
    outbound.flush()
    expect(outbound.finished).toBe(false)
    outbound.stopProducer()
    outbound.stop()
    expect(calls).toEqual(['stop, takes writes: false'])
    expect(notes.filter((what) => what !== 'queued')).toEqual([])
  })

  test('finishes after its producer was stopped', () => {
    const { notes, outbound } = make()
    const source = { pauseProducing: ignore, resumeProducing: ignore, stopProducing: ignore }
    outbound.registerProducer(source, true)
    outbound.finish()
    outbound.stopProducer()
    outbound.flush()
    expect([notes.at(-1), outbound.finished]).toEqual(['finished', true])
  })

  test('does not recurse when the pieces of a pull producer leave at once', () => {
    const { wire, outbound } = make()
    let depth = 0
    let deepest = 0
    outbound.registerProducer(
      {
        pauseProducing: () => undefined,
        resumeProducing: () => {
          deepest = Math.max(deepest, ++depth)
          outbound.write(Buffer.alloc(65_536))
          depth--
        },
        stopProducing: () => undefined,
      },
      false,
    )
    for (let turns = 0; turns < 10; turns++) outbound.flush()
    expect(deepest).toBeLessThanOrEqual(2)
    expect(bytesIn(wire)).toBeGreaterThanOrEqual(10 * 65_536)
  })

  test('reports an error of a producer from each of its callbacks', async () => {
    const { notes, outbound } = make()
    const failing = (): never => {
      throw new Error('mine')
    }
    const source = { pauseProducing: failing, resumeProducing: failing, stopProducing: failing }
    outbound.registerProducer(source, false)
    outbound.stop()
    expect(notes).toEqual(['Error: mine', 'Error: mine'])
  })

  test('refuses a second producer, and stops a producer that is registered after finish', () => {
    const { outbound } = make()
    const calls: string[] = []
    const source = {
      pauseProducing: () => undefined,
      resumeProducing: () => undefined,
      stopProducing: () => void calls.push('stop'),
    }
    outbound.registerProducer(source, true)
    expect(() => outbound.registerProducer(source, true)).toThrow(LocalProtocolError)
    outbound.unregisterProducer()
    outbound.finish()
    outbound.registerProducer(source, true)
    expect(calls).toEqual(['stop'])
  })

  test('neither resolves drained nor resumes a producer above the low-water mark', async () => {
    const { wire, outbound } = make()
    const calls: string[] = []
    const note = (call: string) => (): void => void calls.push(call)
    wire.open = false
    outbound.registerProducer(
      { pauseProducing: note('pause'), resumeProducing: note('resume'), stopProducing: note('stop') },
      true,
    )
    outbound.write(Buffer.alloc(1_000_000))
    let drained = false
    void outbound.drained().then(() => (drained = true))
    outbound.writable()
    await Promise.resolve()
    expect([drained, calls]).toEqual([false, ['pause']])
  })

  test('asks a pull producer once, and only when the queue is empty', () => {
    const { wire, outbound } = make()
    const calls: string[] = []
    const source = {
      pauseProducing: () => undefined,
      resumeProducing: () => void calls.push('resume'),
      stopProducing: () => undefined,
    }
    wire.open = false
    outbound.write('x')
    outbound.flush()
    outbound.registerProducer(source, false)
    outbound.flush()
    expect(calls).toEqual([])
    outbound.writable()
    for (let turns = 0; turns < 3; turns++) outbound.flush()
    expect(calls).toEqual(['resume'])
  })

  test('has a deadline for a small write that does not leave, and does not finish before', () => {
    const { wire, clock, notes, outbound } = make({ writeStallMs: 100 })
    wire.open = false
    outbound.write('x')
    outbound.flush()
    outbound.finish()
    outbound.flush()
    expect([outbound.finished, clock.getDelayedCalls().length]).toEqual([false, 1])
    clock.advance(99)
    outbound.writable()
    expect([outbound.finished, clock.getDelayedCalls()]).toEqual([true, []])
    expect(notes.at(-1)).toBe('finished')
  })

  test('fails for a small write that stalls', () => {
    const { wire, clock, notes, outbound } = make({ writeStallMs: 100 })
    wire.open = false
    outbound.write('x')
    outbound.flush()
    clock.advance(100)
    expect(notes.at(-1)).toBe('the peer took no output for 100 ms')
  })

  test('has no deadline after stop, and stops its producer once', () => {
    const { wire, clock, outbound } = make()
    const calls: string[] = []
    const source = {
      pauseProducing: () => undefined,
      resumeProducing: () => undefined,
      stopProducing: () => void calls.push('stop'),
    }
    wire.open = false
    outbound.registerProducer(source, true)
    outbound.write(Buffer.alloc(100_000))
    outbound.stop()
    outbound.stop()
    expect([clock.getDelayedCalls(), calls, outbound.bytes]).toEqual([[], ['stop'], 0])
  })

  test('resolves drained with whether a write would be sent', async () => {
    const { wire, outbound } = make()
    expect(await outbound.drained()).toBe(true)
    wire.open = false
    outbound.write(Buffer.alloc(100_000))
    const [waiting, cut] = [outbound.drained(), outbound.drained()]
    outbound.finish()
    wire.open = true
    outbound.writable()
    expect([await waiting, await cut, await outbound.drained()]).toEqual([false, false, false])
  })

  test('continues on another wire: requests a flush, which resolves drained', async () => {
    const { wire, notes, outbound } = make()
    wire.open = false
    outbound.write(Buffer.alloc(100_000))
    const drained = outbound.drained()
    outbound.flush()
    const { busy } = outbound.detach()
    notes.length = 0
    outbound.useWire(new RecordingWire())
    expect([busy, notes]).toEqual([true, ['queued']])
    outbound.flush()
    expect(await drained).toBe(true)
  })

  test('does not fail while our own rate limit delays the output', () => {
    const { wire, clock, notes, outbound } = make({ writeStallMs: 1000 })
    outbound.limitRate([new TokenBucket(100)], clock, (error) => notes.push(String(error)))
    outbound.write(Buffer.alloc(1000))
    outbound.finish()
    outbound.flush()
    clock.advance(9_500)
    expect(notes.filter((what) => what !== 'queued')).toEqual(['finished'])
    expect(bytesIn(wire)).toBe(1000)
  })
})

const ignore = (): void => undefined

describe('HiddenOutput', () => {
  test('counts output until a peer of the lowest rate would have read it', () => {
    const hidden = new HiddenOutput(1000)
    expect(hidden.takenInMs).toBe(0)
    hidden.handedOver(5000, 10_000, 100)
    expect(hidden.takenInMs).toBe(5000)
    hidden.handedOver(5000, 10_000, 2100)
    expect(hidden.takenInMs).toBe(3000)
    hidden.handedOver(6000, 10_000, 3100)
    expect(hidden.takenInMs).toBe(3000)
    hidden.handedOver(6000, 10_000, 1_000_000)
    expect(hidden.takenInMs).toBe(0)
    hidden.handedOver(6001, 10_000, 1_000_001)
    expect(hidden.takenInMs).toBe(1)
  })

  test('never counts more than the send buffer can hold', () => {
    const hidden = new HiddenOutput(1000)
    hidden.handedOver(10_000, 10_000, 0)
    expect(hidden.takenInMs).toBe(10_000)
    hidden.handedOver(10_001, 10_000, 0)
    expect(hidden.takenInMs).toBe(10_000)
    hidden.handedOver(20_001, 0, 0)
    expect(hidden.takenInMs).toBe(0)
  })
})

test('ConnectionRate limits to the lowest of its rates, and calls back once when bytes may pass', () => {
  const [clock, calls] = [new Clock(), [] as number[]]
  const rate = new ConnectionRate(
    [new TokenBucket(1000), new TokenBucket(10)],
    clock,
    () => calls.push(clock.now()),
    () => undefined,
  )
  expect(rate.available()).toBe(10)
  rate.passed(10)
  expect(rate.available()).toBe(0)
  rate.wait()
  rate.wait()
  clock.advance(100)
  expect([calls, rate.available()]).toEqual([[100], 1])
  rate.passed(1)
  rate.wait()
  rate.stop()
  expect(clock.getDelayedCalls()).toEqual([])
})
