import { describe, expect, test } from 'vitest'
import { DEFAULT_TRANSPORT_OPTIONS } from '../../src/transport/transport-options.ts'

describe('DEFAULT_TRANSPORT_OPTIONS', () => {
  test('has its marks in order, and bounds everything', () => {
    const { lowWaterBytes, highWaterBytes, maxBufferedBytes } = DEFAULT_TRANSPORT_OPTIONS
    expect(lowWaterBytes).toBeLessThan(highWaterBytes)
    expect(highWaterBytes).toBeLessThan(maxBufferedBytes)
    for (const bound of Object.values(DEFAULT_TRANSPORT_OPTIONS)) {
      expect(bound).toBeGreaterThan(0)
      expect(bound).toBeLessThan(Infinity)
    }
  })
})
