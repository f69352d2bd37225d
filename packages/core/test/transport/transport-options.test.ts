import { describe, expect, test } from 'vitest'
import { DEFAULT_TRANSPORT_OPTIONS, transportOptions } from '../../src/transport/transport-options.ts'

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

describe('transportOptions', () => {
  test('are the defaults where nothing else is said', () => {
    expect(transportOptions(undefined)).toBe(DEFAULT_TRANSPORT_OPTIONS)
    expect(transportOptions({ lingerMs: 1 })).toEqual({ ...DEFAULT_TRANSPORT_OPTIONS, lingerMs: 1 })
  })
})
