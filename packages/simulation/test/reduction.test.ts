import { describe, expect, test } from 'vitest'
import { calmed, calmsOf, formatReduction, parseReduction, type RunConditions } from '../src/reduction.ts'

describe('a reduction', () => {
  test.each(['none', '2', '0:300,5', 'no-loss', 'none,no-loss,no-cuts', '1:0.5'])(
    'is read and written as text: "%s"',
    (text) => expect(formatReduction(parseReduction(text))).toBe(text),
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
      'Cannot read "2;5" as a fault to run: give places in the script, such as 2 or 2:300 for 300 ms; none; or plain, no-loss, no-duplicates, steady-latency, no-cuts, no-skew, no-late-timers, no-shuffle, steady-disk, ordered-disk',
    )
  })

  const plain: RunConditions = {
    link: { latencyMs: [1, 20], lossPerMille: 0, duplicatesPerMille: 0, bytesPerSecond: 1000 },
    limits: { sendBufferBytes: 1, receiveBufferBytes: 1, segmentBytes: 1, giveUpMs: 1, cuts: 'none' },
    disk: { latencyMs: [1, 1], syncMs: [2, 2], bytesPerSecond: 1, capacityBytes: 1, order: 'ordered' },
    maxSkew: 0,
    lateMs: 0,
    shufflesTies: false,
  }
  const drawn: RunConditions = {
    link: { latencyMs: [5, 50], lossPerMille: 5, duplicatesPerMille: 0, bytesPerSecond: 9 },
    limits: { ...plain.limits, cuts: 'anywhere' },
    disk: { ...plain.disk, latencyMs: [1, 3], syncMs: [2, 9], order: 'hostile' },
    maxSkew: 0.1,
    lateMs: 10,
    shufflesTies: true,
  }

  test('makes a run calmer, where it is not calm already', () => {
    expect(calmsOf(plain, plain)).toEqual(['steady-latency'])
    const calms = calmsOf(drawn, plain)
    expect(calms).toEqual([
      'plain',
      'no-loss',
      'steady-latency',
      'no-cuts',
      'no-skew',
      'no-late-timers',
      'no-shuffle',
      'steady-disk',
      'ordered-disk',
    ])
    const calm = calmed(drawn, plain, new Set(calms.slice(1)))
    expect(calm).toMatchObject({ link: { latencyMs: [5, 5], lossPerMille: 0 }, limits: { cuts: 'none' } })
    expect(calm).toMatchObject({ maxSkew: 0, lateMs: 0, shufflesTies: false, disk: plain.disk })
    expect(calmed(drawn, plain, new Set(['no-loss', 'plain']))).toEqual(plain)
  })
})
