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

  /** When the wire is closed, if `bytesEach` bytes are received every 100 ms until then. */
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

  test('closes the wire when no bytes are received for lingerMs', () => {
    const { wire, clock } = make()
    clock.advance(499)
    expect(wire.calls).toEqual([])
    clock.advance(1)
    expect(wire.calls).toEqual(['close'])
  })

  test('waits lingerMs again after every chunk, however much was received before', () => {
    const { wire, clock, linger } = make()
    linger.received(Buffer.alloc(10_000_000))
    clock.advance(400)
    linger.received(Buffer.alloc(1))
    clock.advance(499)
    expect(wire.calls).toEqual([])
    clock.advance(1)
    expect(wire.calls).toEqual(['close'])
  })

  test('closes the wire after lingerTotalMs in any case', () => {
    expect(closedAtMs(1_000_000)).toBe(3000)
    expect(closedAtMs(100)).toBe(3000)
  })

  test('closes the wire early when the peer sends below the lowest rate', () => {
    expect(closedAtMs(1)).toBe(600)
    expect(closedAtMs(50)).toBe(900)
  })

  test('has no timer after the wire has closed, also when bytes are received afterwards', () => {
    const { wire, clock, linger } = make()
    linger.over()
    linger.received(Buffer.alloc(11))
    expect([wire.calls, clock.getDelayedCalls()]).toEqual([[], []])
  })
})
