import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { dated, earlierResults, writeResults } from '../src/results.ts'
import { environment } from './environment.ts'

describe('earlierResults', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const path = join(folder, 'performance', 'results.json')
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is empty before the first run', () => {
    expect(earlierResults(path, environment)).toEqual({ environment, workloads: {}, curves: {} })
  })

  it('reads what an earlier run has written in the same environment only', () => {
    const report = { workload: 'ws-ping', about: 'a load', servers: [], targets: [] }
    const results = {
      environment,
      workloads: { 'ws-ping': dated(report, 'abc', new Date('2026-11-28T12:00:00Z')) },
      curves: {},
    }
    writeResults(path, results)
    expect(earlierResults(path, environment)).toEqual(results)
    expect(results.workloads['ws-ping'].date).toBe('2026-11-28')
    expect(() => earlierResults(path, { ...environment, cores: 4 })).toThrow('Cannot add to results')
  })
})
