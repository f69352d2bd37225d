import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { ROOT } from './run-program.ts'

const MIB = 1024 * 1024

describe('keepHeap', () => {
  /** What it does to the memory of a process that does nothing else. */
  const measure = (
    platform: NodeJS.Platform,
  ): { readonly taken: number; readonly used: number; readonly kept: number } => {
    const source = `
      import { keepHeap } from './packages/core/src/node/keep-heap.ts'
      gc()
      const before = process.memoryUsage()
      keepHeap('${platform}')
      const after = process.memoryUsage()
      const kept = () => process.memoryUsage().arrayBuffers - before.arrayBuffers
      // The stores of what was collected are freed by another thread, in its own time.
      for (let tries = 0; tries < 200 && kept() > ${MIB}; tries++) {
        gc()
        await new Promise((resolve) => setImmediate(resolve))
      }
      const taken = after.arrayBuffers - before.arrayBuffers
      console.log(JSON.stringify({ taken, used: after.rss - before.rss, kept: kept() }))`
    const args = ['--expose-gc', ...TYPESCRIPT, '--input-type=module', '--eval', source]
    const { stdout } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
    return JSON.parse(stdout) as ReturnType<typeof measure>
  }

  test('takes a block on Linux that the next collection frees, and never touches it', () => {
    const { taken, used, kept } = measure('linux')
    expect(taken).toBeGreaterThan(31 * MIB)
    expect(used).toBeLessThan(16 * MIB)
    expect(kept).toBeLessThan(MIB)
  })

  test('takes none elsewhere', () => {
    expect(measure('darwin').taken).toBeLessThan(MIB)
  })
})

/** What Node needs to run TypeScript: nothing from 22.18 on. */
const TYPESCRIPT: readonly string[] = 'typescript' in process.features ? [] : ['--import', 'tsx']
