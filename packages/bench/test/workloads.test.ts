import { expect, it } from 'vitest'
import { WORKLOADS } from '../src/workloads.ts'

it('the workloads have names of their own, and ours is the first server of each', () => {
  expect(new Set(WORKLOADS.map(({ name }) => name)).size).toBe(WORKLOADS.length)
  for (const { servers, load } of WORKLOADS) {
    expect(servers[0]?.name).toBe('Ropewalk')
    expect(load(1).options.port).toBe(1)
  }
})
