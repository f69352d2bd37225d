import { execFile } from 'node:child_process'
import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
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

  test('does nothing without a collector, and asks for it a few times', () => {
    let collectors = 0
    const young = new YoungCollection(() => {
      collectors++
      return undefined
    })
    for (let count = 0; count < 50; count++) young.count(8 * MIB)
    expect(collectors).toBe(10)
  })

  test('collects once another thread has not taken the flag back', () => {
    let [collectors, collections] = [0, 0]
    const young = new YoungCollection(() => (++collectors < 3 ? undefined : () => collections++))
    for (let count = 0; count < 5; count++) young.count(8 * MIB)
    expect([collectors, collections]).toEqual([3, 3])
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

describe('youngCollector where flags cannot change', () => {
  test.each(['--freeze-flags-after-init', '--freeze_flags_after_init'])('sets no flag with %s', (flag) => {
    process.execArgv.push(flag)
    try {
      expect(youngCollector()).toBeUndefined()
    } finally {
      process.execArgv.pop()
    }
  })

  test('ends no process that reads more than 8 MiB', async () => {
    const source = `
      import { YoungCollection } from ${JSON.stringify(import.meta.resolve('../../src/node/young-collection.ts'))}
      new YoungCollection().count(${9 * MIB})
      console.log('alive')
    `
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--freeze-flags-after-init',
      '--import',
      import.meta.resolve('tsx'),
      '--input-type=module',
      '--eval',
      source,
    ])
    expect(stdout).toBe('alive\n')
  })
})

/** An entry of the type `gc`. */
interface CollectionEntry {
  readonly detail: { readonly kind: number }
}

/** NODE_PERFORMANCE_GC_MINOR and NODE_PERFORMANCE_GC_MAJOR. */
const MINOR = 1
const MAJOR = 4
