import { describe, expect, test } from 'vitest'
import { calmed, calmsOf, formatReduction, parseReduction } from '../src/reduction.ts'

describe('a reduction', () => {
  test.each(['', 'none', '2', '0:300,5', 'no-loss', 'none,no-loss,no-cuts', '1:0.5'])(
    'is read and written as text: "%s"',
    (text) => expect(formatReduction(parseReduction(text === '' ? 'no-cuts' : text))).toBe(text || 'no-cuts'),
  )

  test('has all faults unless it names some or none', () => {
    expect(parseReduction('no-loss').faults).toBeUndefined()
    expect(parseReduction('none').faults).toEqual(new Map())
    expect(parseReduction('2:300,5').faults).toEqual(
      new Map([
        [2, 300],
        [5, undefined],
      ]),
    )
  })

  test('that cannot be read is refused', () => {
    expect(() => parseReduction('2;5')).toThrow(
      'Cannot read "2;5" as a fault to run: give places in the script, such as 2 or 2:300 for 300 ms; none; or no-loss, no-duplicates, steady-latency, no-cuts',
    )
  })

  test('makes the network calmer, where it is not calm already', () => {
    const conditions = {
      link: { latencyMs: [1, 20], lossPerMille: 5, duplicatesPerMille: 0, bytesPerSecond: 1000 },
      limits: { sendBufferBytes: 1, receiveBufferBytes: 1, segmentBytes: 1, giveUpMs: 1, cuts: 'anywhere' },
    } as const
    expect(calmsOf(conditions)).toEqual(['no-loss', 'steady-latency', 'no-cuts'])
    const calm = calmed(conditions, new Set(calmsOf(conditions)))
    expect(calm).toMatchObject({ link: { latencyMs: [1, 1], lossPerMille: 0 }, limits: { cuts: 'none' } })
    expect(calmsOf(calm)).toEqual([])
  })
})
