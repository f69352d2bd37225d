import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { FieldScanner } from '../../src/wire/field-scanner.ts'

const LIMITS = { maxBytes: 100, maxCount: 3, tooLarge: 'trailers-too-large' } as const

/** Scans growing bytes, as they would stand in a queue. */
function scan(
  pieces: Iterable<Uint8Array>,
  start: number = 0,
): { fields: string[] | undefined; end: number } {
  const scanner = new FieldScanner(LIMITS)
  scanner.reset(start)
  let bytes = Buffer.alloc(0)
  let at = start
  for (const piece of pieces) {
    bytes = Buffer.concat([bytes, piece])
    at = Math.max(at, start)
    if (bytes.length > at && !scanner.complete) at = scanner.scan(bytes, at)
  }
  return { fields: scanner.complete ? scanner.fields(bytes.toString('latin1')) : undefined, end: at }
}

describe('FieldScanner', () => {
  test('finds names and values up to the empty line, from any start', () => {
    for (const pieces of chunkings('xxA: 1\r\nB:\r\n\r\nrest')) {
      expect(scan(pieces, 2)).toEqual({ fields: ['A', '1', 'B', ''], end: 14 })
    }
    expect(scan([Buffer.from('\r\n')])).toEqual({ fields: [], end: 2 })
    expect(scan([Buffer.from('A: 1\r\n')]).fields).toBeUndefined()
  })

  test('keeps its bounds', () => {
    expect(() => scan([Buffer.from(`A: ${'x'.repeat(100)}`)])).toThrow('more than 100 bytes')
    expect(() => scan([Buffer.from('A: 1\r\n'.repeat(4))])).toThrow('more than 3 field lines')
  })
})
