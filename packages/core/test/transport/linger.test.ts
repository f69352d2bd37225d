import { describe, expect, test } from 'vitest'
import { Clock } from '../../src/testing/clock.ts'
import { Linger } from '../../src/transport/linger.ts'
import { DEFAULT_TRANSPORT_OPTIONS } from '../../src/transport/transport-options.ts'
import { RecordingWire } from '../recording-wire.ts'

describe('Linger', () => {
  const options = {
    ...DEFAULT_TRANSPORT_OPTIONS,
    lingerMs: 500,
    lingerTotalMs: 3000,
    minBytesPerSecond: 1000,
  }

  const make = (): { wire: RecordingWire; clock: Clock; linger: Linger } => {
    const [wire, clock] = [new RecordingWire(), new Clock()]
    return { wire, clock, linger: new Linger(wire, options, clock) }
  }

  /** When the wire is closed, if so much comes every 100 ms until then. */
  const closedAtMs = (bytesEach: number): number => {
    const { wire, clock, linger } = make()
    while (wire.calls.length === 0 && clock.now() < 10_000) {
      clock.advance(100)
      linger.received(Buffer.alloc(bytesEach))
    }
    expect(wire.calls).toEqual(['close'])
    expect(clock.getDelayedCalls()).toEqual([])
    return clock.now()
  }

  test('closes the wire when nothing has come for the time', () => {
    const { wire, clock } = make()
    clock.advance(499)
    expect(wire.calls).toEqual([])
    clock.advance(1)
    expect(wire.calls).toEqual(['close'])
  })

  test('waits anew from the last byte that came, however many came before', () => {
    const { wire, clock, linger } = make()
    linger.received(Buffer.alloc(10_000_000))
    clock.advance(400)
    linger.received(Buffer.alloc(1))
    clock.advance(499)
    expect(wire.calls).toEqual([])
    clock.advance(1)
    expect(wire.calls).toEqual(['close'])
  })

  test('ends in any case when the whole time is over', () => {
    expect(closedAtMs(1_000_000)).toBe(3000)
    expect(closedAtMs(100)).toBe(3000)
  })

  test('ends soon for what comes at less than the least rate', () => {
    expect(closedAtMs(1)).toBe(600)
    expect(closedAtMs(50)).toBe(900)
  })

  test('leaves no timer once the wire has closed, and begins none for what comes after it', () => {
    const { wire, clock, linger } = make()
    linger.over()
    linger.received(Buffer.alloc(11))
    expect([wire.calls, clock.getDelayedCalls()]).toEqual([[], []])
  })
})
