import { describe, expect, test } from 'vitest'
import { MemoryWire } from '../../src/testing/memory-wire.ts'
import { Turn } from '../../src/transport/connection-registry.ts'
import type { WireEvents } from '../../src/interfaces/wire.ts'
import { memoryWireHarness } from '../memory-wire-harness.ts'
import { runWireChecks } from '../run-checks.ts'

/** Two ends whose events are noted, and the turns they live in. */
function makePair(): {
  one: MemoryWire
  other: MemoryWire
  told: string[]
  toldOther: string[]
  turns: () => void
} {
  let waits = false
  const turn = new Turn(() => (waits = true))
  const [one, other] = MemoryWire.pair(turn)
  const [told, toldOther]: [string[], string[]] = [[], []]
  one.attach(noting(told))
  other.attach(noting(toldOther))
  const turns = (): void => {
    while (waits) {
      waits = false
      turn.end()
    }
  }
  return { one, other, told, toldOther, turns }
}

function noting(told: string[]): WireEvents {
  return {
    wireData: (data) => told.push(data.length < 20 ? data.toString() : `${data.length} bytes`),
    wireEnded: () => told.push('ended'),
    wireWritable: () => told.push('writable'),
    wireClosed: (error) => told.push(error === undefined ? 'closed' : error.message),
  }
}

describe('MemoryWire', () => {
  runWireChecks(memoryWireHarness)

  test('brings what was written in a later turn, as copies', () => {
    const { one, toldOther, turns } = makePair()
    const data = Buffer.from('hello')
    expect(one.write([data, 'é'])).toBe(true)
    data.fill('x')
    expect(toldOther).toEqual([])
    turns()
    expect(toldOther).toEqual(['hello', 'é'])
  })

  test('closes both ends once both have said their end, without an error', () => {
    const { one, other, told, toldOther, turns } = makePair()
    one.write(['bye'])
    one.end()
    one.end()
    turns()
    expect([told, toldOther]).toEqual([[], ['bye', 'ended']])
    other.end()
    turns()
    expect([told, toldOther]).toEqual([
      ['ended', 'closed'],
      ['bye', 'ended', 'closed'],
    ])
  })

  test('makes a writer wait for a reader that has paused, and tells it when all is read', () => {
    const { one, other, told, toldOther, turns } = makePair()
    other.pause()
    expect(one.write([Buffer.alloc(65_536)])).toBe(true)
    expect(one.write([Buffer.alloc(1)])).toBe(false)
    turns()
    expect([told, toldOther]).toEqual([[], []])
    other.resume()
    turns()
    expect([told, toldOther.length]).toEqual([['writable'], 2])
  })

  test('shows an abort to the other end as a reset, without what was unread', () => {
    const { one, told, toldOther, turns } = makePair()
    one.write(['unread'])
    one.abort()
    turns()
    expect([told, toldOther]).toEqual([['closed'], ['read ECONNRESET']])
  })

  test('closes with an end for the other, or with a reset when there was something unread', () => {
    const clean = makePair()
    clean.one.write(['said'])
    clean.one.close()
    clean.turns()
    expect(clean.toldOther).toEqual(['said', 'ended'])
    const rude = makePair()
    rude.one.pause()
    rude.other.write(['unread'])
    rude.turns()
    rude.one.close()
    rude.turns()
    expect([rude.told, rude.toldOther]).toEqual([['closed'], ['read ECONNRESET']])
  })

  test('answers a write to an end that is closed with a reset', () => {
    const { one, other, toldOther, turns } = makePair()
    one.close()
    turns()
    other.write(['too late'])
    turns()
    expect(toldOther).toEqual(['ended', 'read ECONNRESET'])
  })

  test('brings nothing that is written after its end, and tells that end once', () => {
    const { one, toldOther, turns } = makePair()
    one.end()
    expect(one.write(['late'])).toBe(true)
    turns()
    one.close()
    turns()
    expect(toldOther).toEqual(['ended'])
  })

  test('stays open after both ends until what it wrote was read', () => {
    const { one, other, told, turns } = makePair()
    other.pause()
    one.write([Buffer.alloc(70_000)])
    one.end()
    other.end()
    turns()
    expect(told).toEqual(['ended'])
    other.resume()
    turns()
    expect(told).toEqual(['ended', 'writable', 'closed'])
  })

  test('tells nothing more to a reader that aborts', () => {
    let waits = false
    const turn = new Turn(() => (waits = true))
    const [one, other] = MemoryWire.pair(turn)
    const told: string[] = []
    other.attach({
      ...noting(told),
      wireData: () => {
        told.push('data')
        other.abort()
      },
    })
    one.attach(noting([]))
    one.write(['a', 'b'])
    one.end()
    while (waits) {
      waits = false
      turn.end()
    }
    expect(told).toEqual(['data', 'closed'])
  })

  test('does not turn a clean close into a reset afterwards', () => {
    const { one, toldOther, turns } = makePair()
    one.close()
    one.abort()
    turns()
    expect(toldOther).toEqual(['ended'])
  })

  test('tells its end once, and takes everything in silence afterwards', () => {
    const { one, told, toldOther, turns } = makePair()
    one.abort()
    turns()
    expect(one.write(['late'])).toBe(true)
    for (const call of [() => one.end(), () => one.abort(), () => one.close(), () => one.resume()]) call()
    turns()
    expect([told, toldOther]).toEqual([['closed'], ['read ECONNRESET']])
  })

  test('keeps what came before anyone reads', () => {
    let waits = false
    const turn = new Turn(() => (waits = true))
    const [one, other] = MemoryWire.pair(turn)
    const told: string[] = []
    one.write(['early'])
    one.end()
    other.attach(noting(told))
    expect(waits).toBe(true)
    turn.end()
    expect(told).toEqual(['early', 'ended'])
  })

  test('tells the end behind what a writer writes as soon as it may', () => {
    const { one, other, toldOther, turns } = makePair()
    one.attach({ ...noting([]), wireWritable: () => (one.write(['last words']), one.end()) })
    other.pause()
    one.write([Buffer.alloc(65_537)])
    turns()
    other.resume()
    turns()
    expect(toldOther).toEqual(['65537 bytes', 'last words', 'ended'])
  })
})
