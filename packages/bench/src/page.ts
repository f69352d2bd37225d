import { formatted } from './drawing/units.ts'
import { markdownTable } from './markdown.ts'
import type { ServerReport, WorkloadReport } from './report.ts'
import { ratioText } from './report-lines.ts'
import { disturbedIn, type HowMeasured, outcomesOf, type Results } from './results.ts'
import { roundsText } from './rounds-text.ts'
import { median } from './statistics.ts'
import { summaryOf } from './verdict.ts'

/** The machine, versions and dates of results, as a paragraph. */
export function provenance({ environment, workloads, curves }: Results): string {
  const { cpu, cores, memoryGiB, kernel, isPinned, versions } = environment
  const all = [...Object.values(workloads), ...Object.values(curves)]
  const dates = all.map(({ date }) => date).toSorted()
  const commits = [...new Set(all.map(({ commit }) => `\`${commit}\``))]
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const from = dates[0] === dates.at(-1) ? `on ${dates[0]}` : `from ${dates[0]} to ${dates.at(-1)}`
  const pinned = isPinned ? '' : ' Servers and loads shared the cores.'
  return (
    `Measured ${from} at ${commits.join(', ')}: ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${kernel}; ` +
    `${named.join(', ')}.${pinned}`
  )
}

/** How often workloads were measured, what was left out, what was disturbed, and how small a difference counts. */
export function remarks(results: Results): string {
  const all = [...Object.values(results.workloads), ...Object.values(results.curves)]
  const leftOut = [...new Set(all.flatMap((one) => one.leftOut))]
  const disturbed = disturbedIn(results)
  return [
    ...roundsOf(Object.entries(results.workloads)),
    noiseOf(Object.values(results.workloads)),
    ...(leftOut.length === 0 ? [] : [`Left out, because not installed: ${leftOut.join(', ')}.`]),
    ...(disturbed.length === 0
      ? []
      : [
          `† Other programs used the cores in half of the rounds or more, so the ratio is inconclusive: ` +
            `${disturbed.map((name) => `\`${name}\``).join(', ')}.`,
        ]),
  ].join(' ')
}

/** A sentence, or several with the names of the workloads if they were measured in different ways. */
function roundsOf(workloads: readonly (readonly [string, HowMeasured])[]): readonly string[] {
  const ways = new Map<string, string[]>()
  for (const [name, how] of workloads) {
    const text = roundsText(how)
    ways.set(text, [...(ways.get(text) ?? []), `\`${name}\``])
  }
  return [...ways].map(([text, names]) => (ways.size === 1 ? text : `${names.join(', ')}: ${text}`))
}

/** How far the ratios of single rounds are from their median. */
function noiseOf(reports: readonly WorkloadReport[]): string {
  const distances = reports
    .flatMap(({ servers }) => servers.flatMap(({ comparison }) => comparison?.requestsPerCPUSecond ?? []))
    .map(({ median: middle, least, most }) => (100 * (most - least)) / 2 / middle)
    .toSorted((a, b) => a - b)
  const percent = (value: number | undefined): string => `${(value ?? 0).toFixed(1)} %`
  const typical = percent(median(distances))
  const large = percent(distances[Math.ceil(distances.length * 0.9) - 1])
  return (
    `The ratios of single rounds lie within ±${typical} of the middle of their range for half of the pairs, and ` +
    `within ±${large} for nine in ten: a smaller difference means nothing.`
  )
}

/** All targets, and how many are met. */
export function targetsTable(results: Pick<Results, 'workloads' | 'curves'>): string {
  const outcomes = outcomesOf(results)
  const rows = outcomes.map(([name, { target, reached, verdict }]) => [
    `\`${name}\``,
    target,
    reached,
    verdict,
  ])
  const summary = `${summaryOf(outcomes.map(([, outcome]) => outcome))}.`
  return `${markdownTable(['Workload', 'Target', 'Reached', ''], rows, [0, 1, 3])}\n\n${summary}`
}

/** The tables of workloads of one protocol: ratios, latency and memory, and the lengths of compressed replies. */
export function tables(reports: readonly WorkloadReport[]): readonly string[] {
  const compressed = reports.filter(({ workload }) => workload.includes('deflate'))
  return [
    ratioTable(reports),
    latencyTable(reports),
    ...(compressed.length === 0 ? [] : [deflateTable(compressed)]),
  ]
}

function ratioTable(reports: readonly WorkloadReport[]): string {
  const [ours = '', ...peers] = serversOf(reports)
  return markdownTable(
    ['Requests per CPU second', ours, ...peers.map((peer) => `÷ ${peer}`)],
    reports.map((report) => [
      `\`${report.workload}\`: ${report.about}`,
      cell(report, ours, ({ requestsPerCPUSecond }) => formatted(requestsPerCPUSecond, 'count')),
      ...peers.map((peer) => cell(report, peer, ratioText)),
    ]),
  )
}

function latencyTable(reports: readonly WorkloadReport[]): string {
  return figuresTable('p99, peak memory', reports, ({ p99Ms, peakBytes }) => {
    return `${p99Ms.toFixed(2)} ms, ${formatted(peakBytes, 'bytes')}`
  })
}

function deflateTable(reports: readonly WorkloadReport[]): string {
  return figuresTable('Bytes of a compressed reply', reports, ({ bytesPerReply }) =>
    formatted(bytesPerReply, 'count'),
  )
}

/** A table with a figure of each server. */
function figuresTable(
  title: string,
  reports: readonly WorkloadReport[],
  text: (server: ServerReport) => string,
): string {
  const servers = serversOf(reports)
  return markdownTable(
    [title, ...servers],
    reports.map((report) =>
      [`\`${report.workload}\``].concat(servers.map((server) => cell(report, server, text))),
    ),
  )
}

/** In the order of the workload that has the most of them. */
function serversOf(reports: readonly WorkloadReport[]): readonly string[] {
  const longestFirst = reports.toSorted((a, b) => b.servers.length - a.servers.length)
  return [...new Set(longestFirst.flatMap(({ servers }) => servers.map(({ server }) => server)))]
}

function cell({ servers }: WorkloadReport, name: string, text: (server: ServerReport) => string): string {
  const found = servers.find(({ server }) => server === name)
  return found === undefined ? '' : text(found)
}
