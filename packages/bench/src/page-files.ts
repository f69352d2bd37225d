import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chartsOf } from './charts.ts'
import { curvesSection } from './curves-section.ts'
import { provenance, tables, withSection } from './page.ts'
import type { Results } from './results.ts'

/** Writes what `docs/performance.md` shows of results: its tables, and the drawings in `docs/performance/`. */
export function writePage(results: Results): void {
  const table = `${provenance(results)}\n\n${tables(Object.values(results.workloads))}`
  const page = withSection(readFileSync(PAGE, 'utf8'), 'table', table)
  writeFileSync(PAGE, withSection(page, 'curves', curvesSection(results.curves)))
  for (const [name, chart] of chartsOf(results)) writeFileSync(`${DRAWINGS}${name}`, chart)
}

const PAGE = fileURLToPath(new URL('../../../docs/performance.md', import.meta.url))
const DRAWINGS = fileURLToPath(new URL('../../../docs/performance/', import.meta.url))
