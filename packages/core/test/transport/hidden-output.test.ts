import { describe, expect, test } from 'vitest'
import { HiddenOutput } from '../../src/transport/hidden-output.ts'

describe('HiddenOutput', () => {
  test('counts what was handed over until the slowest peer would have taken it', () => {
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

  test('never counts more than can be held', () => {
    const hidden = new HiddenOutput(1000)
    hidden.handedOver(10_000, 10_000, 0)
    expect(hidden.takenInMs).toBe(10_000)
    hidden.handedOver(10_001, 10_000, 0)
    expect(hidden.takenInMs).toBe(10_000)
    hidden.handedOver(20_001, 0, 0)
    expect(hidden.takenInMs).toBe(0)
  })
})
