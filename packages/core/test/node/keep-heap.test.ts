import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { keepHeap } from '../../src/node/keep-heap.ts'

describe('keepHeap', () => {
  const collectGarbage = (): void => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    collect()
  }

  test('takes a block on Linux that the next collection frees, and never touches it', async () => {
    collectGarbage()
    const before = process.memoryUsage()
    keepHeap('linux')
    const taken = process.memoryUsage()
    expect(taken.arrayBuffers - before.arrayBuffers).toBeGreaterThan(31 * 1024 * 1024)
    expect(taken.rss - before.rss).toBeLessThan(16 * 1024 * 1024)
    const kept = (): number => process.memoryUsage().arrayBuffers - before.arrayBuffers
    // The stores of what was collected are freed by another thread, in its own time.
    for (let tries = 0; tries < 200 && kept() > 1024 * 1024; tries++) {
      collectGarbage()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(kept()).toBeLessThan(1024 * 1024)
  })

  test('takes none elsewhere', () => {
    const before = process.memoryUsage().arrayBuffers
    keepHeap('darwin')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024)
  })
})
