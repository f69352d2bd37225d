import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { curveCharts, PROTOCOLS, ratioCharts, summaryChart } from './charts.ts'
import { curvesSection } from './curves-section.ts'
import { withSection } from './markdown.ts'
import { provenance, remarks, tables, targetsTable } from './page.ts'
import { peerTable } from './peer-table.ts'
import type { Results } from './results.ts'

/** Writes what `docs/performance.md` shows of results: its tables, and the drawings in `docs/performance/`. */
export function writePage(results: Results): void {
  writeFileSync(PAGE, pageOf(readFileSync(PAGE, 'utf8'), results))
  mkdirSync(DRAWINGS, { recursive: true })
  for (const [file, { svg }] of [
    ...ratioCharts(Object.values(results.workloads)),
    ...summaryChart(Object.values(results.workloads)),
    ...curveCharts(results.curves),
  ])
    writeFileSync(`${DRAWINGS}${file}`, svg)
}

/** The page with what it shows of results. A section without results stays as it is. */
export function pageOf(page: string, results: Results): string {
  const sections = [['peers', peerTable(results.environment.versions)]]
  if (Object.keys(results.workloads).length > 0) sections.push(['table', workloadsSection(results)])
  if (Object.keys(results.curves).length > 0) sections.push(['curves', curvesSection(results.curves)])
  return sections.reduce((text, [name = '', content = '']) => withSection(text, name, content), page)
}

function workloadsSection(results: Results): string {
  const workloads = Object.values(results.workloads)
  const protocols = PROTOCOLS.flatMap(([prefix, protocol]) => {
    const own = workloads.filter(({ workload }) => workload.startsWith(prefix))
    const images = [...ratioCharts(own)].map(([file, { title }]) => `![${title}](performance/${file})`)
    return own.length === 0 ? [] : [`### ${protocol}`].concat(images, tables(own))
  })
  return [provenance(results), remarks(results), '### Targets', targetsTable(results), ...protocols].join(
    '\n\n',
  )
}

const PAGE = fileURLToPath(new URL('../../../docs/performance.md', import.meta.url))
const DRAWINGS = fileURLToPath(new URL('../../../docs/performance/', import.meta.url))
