import { describe, expect, test } from 'vitest'
import { Clock } from '../../src/testing/clock.ts'
import { Linger } from '../../src/transport/linger.ts'
import { DEFAULT_TRANSPORT_OPTIONS } from '../../src/transport/transport-options.ts'
import { RecordingWire } from '../recording-wire.ts'

describe('Linger', () => {
  const options = { ...DEFAULT_TRANSPORT_OPTIONS, lingerMs: 500, lingerBytes: 10 }

  test('closes the wire when the time is over', () => {
    const [wire, clock] = [new RecordingWire(), new Clock()]
    const linger = new Linger(wire, options, clock)
    linger.received(Buffer.alloc(10))
    clock.advance(499)
    expect(wire.calls).toEqual([])
    clock.advance(1)
    expect(wire.calls).toEqual(['close'])
  })

  test('closes the wire when too much still comes, and leaves no timer', () => {
    const [wire, clock] = [new RecordingWire(), new Clock()]
    const linger = new Linger(wire, options, clock)
    linger.received(Buffer.alloc(11))
    expect(wire.calls).toEqual(['close'])
    linger.over()
    expect(clock.getDelayedCalls()).toEqual([])
  })
})
