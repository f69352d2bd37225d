import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { coreCount, inThreads } from '../../src/real/worker-threads.ts'

test('coreCount is how many threads can run at the same time', () => {
  expect(coreCount()).toBe(availableParallelism())
})

test('inThreads resolves with undefined when a thread cannot run its module', async () => {
  expect(await inThreads('no-such-module', [1, 2])).toBeUndefined()
})
