import { describe, expect, test } from 'vitest'
import { MemoryWire } from '../../src/testing/memory-wire.ts'
import { Turn } from '../../src/transport/connection-registry.ts'
import type { WireEvents } from '../../src/reactor.ts'
import { memoryWireHarness } from '../memory-wire-harness.ts'
import { runWireChecks } from '../run-checks.ts'

/** Makes two ends, records their events, and returns their turns. */
function makePair(): {
  one: MemoryWire
  other: MemoryWire
  seen: string[]
  seenOther: string[]
  turns: () => void
} {
  let waits = false
  const turn = new Turn(() => (waits = true))
  const [one, other] = MemoryWire.pair(turn)
  const [seen, seenOther]: [string[], string[]] = [[], []]
  one.attach(noting(seen))
  other.attach(noting(seenOther))
  const turns = (): void => {
    while (waits) {
      waits = false
      turn.end()
    }
  }
  return { one, other, seen, seenOther, turns }
}

function noting(seen: string[]): WireEvents {
  return {
    wireData: (data) => seen.push(data.length < 20 ? data.toString() : `${data.length} bytes`),
    wireEnded: () => seen.push('ended'),
    wireWritable: () => seen.push('writable'),
    wireClosed: (error) => seen.push(error === undefined ? 'closed' : error.message),
  }
}

describe('MemoryWire', () => {
  runWireChecks(memoryWireHarness)

  test('delivers written bytes in a later turn, as copies', () => {
    const { one, seenOther, turns } = makePair()
    const data = Buffer.from('hello')
    expect(one.write([data, 'é'])).toBe(true)
    data.fill('x')
    expect(seenOther).toEqual([])
    turns()
    expect(seenOther).toEqual(['hello', 'é'])
  })

  test('closes both ends without an error once both have sent their FIN', () => {
    const { one, other, seen, seenOther, turns } = makePair()
    one.write(['bye'])
    one.end()
    one.end()
    turns()
    expect([seen, seenOther]).toEqual([[], ['bye', 'ended']])
    other.end()
    turns()
    expect([seen, seenOther]).toEqual([
      ['ended', 'closed'],
      ['bye', 'ended', 'closed'],
    ])
  })

  test('makes a writer wait for a paused reader, and calls wireWritable when all bytes are read', () => {
    const { one, other, seen, seenOther, turns } = makePair()
    other.pause()
    expect(one.write([Buffer.alloc(65_536)])).toBe(true)
    expect(one.write([Buffer.alloc(1)])).toBe(false)
    turns()
    expect([seen, seenOther]).toEqual([[], []])
    other.resume()
    turns()
    expect([seen, seenOther.length]).toEqual([['writable'], 2])
  })

  test('reports an abort to the other end as a reset, without the unread bytes', () => {
    const { one, seen, seenOther, turns } = makePair()
    one.write(['unread'])
    one.abort()
    turns()
    expect([seen, seenOther]).toEqual([['closed'], ['read ECONNRESET']])
  })

  test('close sends a FIN, or a reset when bytes are unread', () => {
    const clean = makePair()
    clean.one.write(['sent'])
    clean.one.close()
    clean.turns()
    expect(clean.seenOther).toEqual(['sent', 'ended'])
    const rude = makePair()
    rude.one.pause()
    rude.other.write(['unread'])
    rude.turns()
    rude.one.close()
    rude.turns()
    expect([rude.seen, rude.seenOther]).toEqual([['closed'], ['read ECONNRESET']])
  })

  test('a write to a closed end is a reset', () => {
    const { one, other, seenOther, turns } = makePair()
    one.close()
    turns()
    other.write(['too late'])
    turns()
    expect(seenOther).toEqual(['ended', 'read ECONNRESET'])
  })

  test('delivers nothing written after its FIN, and reports that FIN once', () => {
    const { one, seenOther, turns } = makePair()
    one.end()
    expect(one.write(['late'])).toBe(true)
    turns()
    one.close()
    turns()
    expect(seenOther).toEqual(['ended'])
  })

  test('stays open after both FINs until all its bytes were read', () => {
    const { one, other, seen, turns } = makePair()
    other.pause()
    one.write([Buffer.alloc(70_000)])
    one.end()
    other.end()
    turns()
    expect(seen).toEqual(['ended'])
    other.resume()
    turns()
    expect(seen).toEqual(['ended', 'writable', 'closed'])
  })

  test('calls only wireClosed on a reader that aborts', () => {
    let waits = false
    const turn = new Turn(() => (waits = true))
    const [one, other] = MemoryWire.pair(turn)
    const seen: string[] = []
    other.attach({
      ...noting(seen),
      wireData: () => {
        seen.push('data')
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
    expect(seen).toEqual(['data', 'closed'])
  })

  test('does not report a reset after a clean close', () => {
    const { one, seenOther, turns } = makePair()
    one.close()
    one.abort()
    turns()
    expect(seenOther).toEqual(['ended'])
  })

  test('calls wireClosed once, and ignores every call afterwards', () => {
    const { one, seen, seenOther, turns } = makePair()
    one.abort()
    turns()
    expect(one.write(['late'])).toBe(true)
    for (const call of [() => one.end(), () => one.abort(), () => one.close(), () => one.resume()]) call()
    turns()
    expect([seen, seenOther]).toEqual([['closed'], ['read ECONNRESET']])
  })

  test('keeps bytes received before attach', () => {
    let waits = false
    const turn = new Turn(() => (waits = true))
    const [one, other] = MemoryWire.pair(turn)
    const seen: string[] = []
    one.write(['early'])
    one.end()
    other.attach(noting(seen))
    expect(waits).toBe(true)
    turn.end()
    expect(seen).toEqual(['early', 'ended'])
  })

  test('reports the FIN after bytes that a writer writes within wireWritable', () => {
    const { one, other, seenOther, turns } = makePair()
    one.attach({ ...noting([]), wireWritable: () => (one.write(['last bytes']), one.end()) })
    other.pause()
    one.write([Buffer.alloc(65_537)])
    turns()
    other.resume()
    turns()
    expect(seenOther).toEqual(['65537 bytes', 'last bytes', 'ended'])
  })
})
