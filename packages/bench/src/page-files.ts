import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { curveCharts, ratioCharts } from './charts.ts'
import { curvesSection } from './curves-section.ts'
import { provenance, tables, withSection } from './page.ts'
import type { Results } from './results.ts'

/** Writes what `docs/performance.md` shows of results: its tables, and the drawings in `docs/performance/`. */
export function writePage(results: Results): void {
  const workloads = Object.values(results.workloads)
  const ratios = ratioCharts(workloads)
  const images = [...ratios].map(([file, { title }]) => `![${title}](performance/${file})`)
  const table = [provenance(results), ...images, tables(workloads)].join('\n\n')
  const page = withSection(readFileSync(PAGE, 'utf8'), 'table', table)
  writeFileSync(PAGE, withSection(page, 'curves', curvesSection(results.curves)))
  for (const [file, { svg }] of [...ratios, ...curveCharts(results.curves)])
    writeFileSync(`${DRAWINGS}${file}`, svg)
}

const PAGE = fileURLToPath(new URL('../../../docs/performance.md', import.meta.url))
const DRAWINGS = fileURLToPath(new URL('../../../docs/performance/', import.meta.url))
