import { chunkings } from '@ropewalk/core/testing'
import { describe, expect, test } from 'vitest'
import { FieldScanner } from '../../src/codec/field-scanner.ts'

const LIMITS = { maxBytes: 100, maxCount: 3, tooLarge: 'trailers-too-large' } as const

/** Scans bytes that grow piece by piece, as in a queue. */
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

  test('examines each byte once when they arrive one by one', () => {
    const section = Buffer.from(
      `Name: ${'v'.repeat(1000)}\r\n${'N'.repeat(1000)}:${' '.repeat(1000)}x\r\n\r\n`,
    )
    let looks = 0
    const counted = (bytes: Buffer): Uint8Array =>
      new Proxy(bytes, {
        get(target, key) {
          if (typeof key === 'string' && /^[0-9]+$/.test(key)) looks++
          return Reflect.get(target, key, target) as unknown
        },
      })
    const scanner = new FieldScanner({ ...LIMITS, maxBytes: 10_000 })
    scanner.reset(0)
    let at = 0
    for (let length = 1; length <= section.length; length++) {
      at = scanner.scan(counted(section.subarray(0, length)), at)
    }
    expect(scanner.fields(section.toString('latin1'))).toHaveLength(4)
    // A blank, and a byte that ends one part of a line and begins the next, is examined twice.
    expect(looks).toBeLessThan(section.length + 1000 + 30)
  })

  test('applies its limits', () => {
    expect(() => scan([Buffer.from(`A: ${'x'.repeat(100)}`)])).toThrow('more than 100 bytes')
    expect(() => scan([Buffer.from('A: 1\r\n'.repeat(4))])).toThrow('more than 3 field lines')
  })
})
