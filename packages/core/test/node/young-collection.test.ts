import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { YoungCollection, youngCollector } from '../../src/node/young-collection.ts'

const MIB = 1 << 20

describe('YoungCollection', () => {
  test('collects once after each 8 MiB', () => {
    let collectors = 0
    let collections = 0
    const young = new YoungCollection(() => {
      collectors++
      return () => collections++
    })
    young.count(8 * MIB - 1)
    expect([collectors, collections]).toEqual([0, 0])
    young.count(1)
    expect([collectors, collections]).toEqual([1, 1])
    for (let count = 0; count < 255; count++) young.count(65_536)
    expect([collectors, collections]).toEqual([1, 2])
    young.count(65_536)
    expect([collectors, collections]).toEqual([1, 3])
  })

  test('does nothing without a collector, and asks for it once', () => {
    let collectors = 0
    const young = new YoungCollection(() => {
      collectors++
      return undefined
    })
    for (let count = 0; count < 5; count++) young.count(8 * MIB)
    expect(collectors).toBe(1)
  })
})

describe('youngCollector', () => {
  test('collects the young generation alone', async () => {
    const kinds: unknown[] = []
    const observer = new PerformanceObserver((list) => {
      kinds.push(...list.getEntries().map((entry) => (entry as unknown as CollectionEntry).detail.kind))
    })
    observer.observe({ entryTypes: ['gc'] })
    const collect = youngCollector()
    for (let count = 0; count < 5; count++) collect?.()
    while (kinds.length < 5) await setImmediate()
    observer.disconnect()
    expect(kinds.filter((kind) => kind === MINOR).length).toBeGreaterThanOrEqual(5)
    expect(kinds.filter((kind) => kind === MAJOR)).toEqual([])
  })

  test('leaves no gc behind, neither here nor in new contexts', () => {
    youngCollector()
    expect(typeof globalThis.gc).toBe('undefined')
    expect(runInNewContext('typeof gc')).toBe('undefined')
  })
})

/** An entry of the type `gc`. */
interface CollectionEntry {
  readonly detail: { readonly kind: number }
}

/** NODE_PERFORMANCE_GC_MINOR and NODE_PERFORMANCE_GC_MAJOR. */
const MINOR = 1
const MAJOR = 4
