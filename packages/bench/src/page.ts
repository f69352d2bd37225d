import { count, type WorkloadReport } from './report.ts'
import type { Results } from './results.ts'

/**
 * Replaces what is between two markers of a document, which are comments of HTML.
 *
 * ```md
 * <!-- table: begin -->
 * <!-- table: end -->
 * ```
 *
 * @throws {Error} when the document lacks a marker.
 */
export function withSection(document: string, name: string, content: string): string {
  const begin = `<!-- ${name}: begin -->`
  const end = `<!-- ${name}: end -->`
  const from = document.indexOf(begin)
  const to = document.indexOf(end)
  if (from === -1 || to < from) throw new Error(`Cannot find ${begin} and ${end} in the document`)
  return `${document.slice(0, from + begin.length)}\n\n${content.trim()}\n\n${document.slice(to)}`
}

/** The machine, versions and dates of results, as a paragraph. */
export function provenance({ environment, workloads, curves }: Results): string {
  const { cpu, cores, memoryGiB, kernel, versions } = environment
  const all = [...Object.values(workloads), ...Object.values(curves)]
  const dates = all.map(({ date }) => date).toSorted()
  const commits = [...new Set(all.map(({ commit }) => `\`${commit}\``))]
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const from = dates[0] === dates.at(-1) ? `on ${dates[0]}` : `from ${dates[0]} to ${dates.at(-1)}`
  return `Measured ${from} at ${commits.join(', ')}: ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${kernel}; ${named.join(', ')}.`
}

/** One table for each group of workloads with the same servers. */
export function tables(reports: readonly WorkloadReport[]): string {
  const protocols = [...new Set(reports.map(protocolOf))]
  return protocols
    .map((protocol) => tableOf(reports.filter((report) => protocolOf(report) === protocol)))
    .join('\n\n')
}

/** Workloads are named after their protocol: `ws-ping`. */
function protocolOf({ workload }: WorkloadReport): string {
  return workload.replace(/-.*/, '')
}

function tableOf(reports: readonly WorkloadReport[]): string {
  const peers = [...new Set(reports.flatMap(({ servers }) => servers.slice(1).map(({ server }) => server)))]
  return markdownTable(
    ['Workload', 'Ropewalk', ...peers, 'p99', 'Memory', 'Targets'],
    reports.map((report) => rowOf(report, peers)),
  )
}

function rowOf(
  { workload, about, servers, targets }: WorkloadReport,
  peers: readonly string[],
): readonly string[] {
  const ours = servers[0]
  if (ours === undefined) throw new Error(`${workload} has no results`)
  return [
    `\`${workload}\`: ${about}`,
    count(ours.requestsPerCPUSecond),
    ...peers.map((peer) => {
      const theirs = servers.find(({ server }) => server === peer)
      return theirs === undefined ? '' : (ours.requestsPerCPUSecond / theirs.requestsPerCPUSecond).toFixed(2)
    }),
    `${ours.p99Ms.toFixed(2)} ms`,
    `${(ours.peakBytes / 1_048_576).toFixed(0)} MiB`,
    targets
      .map(({ peer, figure, ratio, reached, isMet }) => {
        const wanted = figure === 'p99' ? `p99 ≤ ${ratio} × ${peer}` : `≥ ${ratio} × ${peer}`
        return `${wanted}: ${isMet ? 'met' : `not met, ${reached.toFixed(2)}`}`
      })
      .join('<br>'),
  ]
}

/**
 * A table in Markdown as oxfmt formats it. The first column is text, the others are numbers.
 *
 * @param lastIsText Whether the last column is text too.
 */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  lastIsText = true,
): string {
  const widths = head.map((cell, at) => Math.max(3, cell.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const isNumber = (at: number): boolean => at > 0 && !(lastIsText && at === head.length - 1)
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => (isNumber(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join(' | ')} |`
  const rule = widths.map((width, at) => (isNumber(at) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}
