import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  areDisturbed,
  checkEnvironment,
  disturbedIn,
  type Results,
  savedResults,
  writeResults,
} from '../src/results.ts'
import { environment } from './environment.ts'
import { workloadReport } from './made-up-results.ts'

/** Results of workloads, of which the first `disturbed` are. */
function resultsOf(count: number, disturbed: number): Results {
  const reports = Array.from({ length: count }, (_, at) => workloadReport(`ws-${at}`, 'ws', at < disturbed))
  const workloads = Object.fromEntries(reports.map((report) => [report.workload, report]))
  return { environment, workloads, curves: {} }
}

describe('savedResults', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const path = join(folder, 'performance', 'results.json')
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is undefined before the first run, and then what was written', () => {
    expect(savedResults(path)).toBeUndefined()
    const results = resultsOf(1, 0)
    writeResults(path, results)
    expect(savedResults(path)).toEqual(results)
    expect(readFileSync(path, 'utf8')).toContain('\n      "seconds": [1],\n      "leftOut": []\n')
  })
  it('never has a number that is not finite', () => {
    const results = resultsOf(1, 0)
    const report = { ...workloadReport('ws-0', 'ws'), rounds: Number.NaN }
    expect(() => writeResults(path, { ...results, workloads: { 'ws-0': report } })).toThrow(
      'Cannot write NaN as rounds of the results',
    )
    expect(savedResults(path)).toEqual(results)
  })
})

describe('checkEnvironment', () => {
  it('names what differs', () => {
    expect(() => checkEnvironment(environment, { ...environment })).not.toThrow()
    const other = { ...environment, cores: 4, versions: { node: '20.19.0', ws: '8.0.0' } }
    expect(() => checkEnvironment(environment, other)).toThrow(
      'Cannot add to results of another environment (cores 2, now 4; node 24.1.0, now 20.19.0; ws absent, now 8.0.0)',
    )
  })
})

describe('areDisturbed', () => {
  it('is true when other programs disturbed a quarter of the workloads', () => {
    expect(areDisturbed(resultsOf(5, 1))).toBe(false)
    expect(areDisturbed(resultsOf(4, 1))).toBe(true)
    expect(areDisturbed(resultsOf(0, 0))).toBe(false)
    expect(disturbedIn(resultsOf(4, 1))).toEqual(['ws-0'])
  })
})
