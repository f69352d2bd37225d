import type { Outcome, Result } from './verdict.ts'

const OUTCOMES: readonly Outcome[] = ['OK', 'NON-STRICT', 'INFORMATIONAL', 'UNIMPLEMENTED', 'FAILED']

/** What the sections of the list are about. */
const SECTIONS: Readonly<Record<string, string>> = {
  1: 'framing',
  2: 'pings and pongs',
  3: 'reserved bits',
  4: 'opcodes',
  5: 'fragmentation',
  6: 'UTF-8',
  7: 'closing handshake',
  9: 'limits',
  10: 'uneven fragments',
  12: 'compression of several contents',
  13: 'compression with several parameters',
}

/** The results of one peer. */
export interface Report {
  readonly peer: string
  readonly results: readonly Result[]
}

/** Whether every case is OK, or INFORMATIONAL. */
export function isConformant(results: readonly Result[]): boolean {
  const { OK, INFORMATIONAL } = counts(results)
  return OK + INFORMATIONAL === results.length
}

/**
 * The page docs/conformance.md.
 *
 * @param messages How many messages the cases that exchange many had.
 */
export function document(reports: readonly Report[], messages: number): string {
  const parts = reports.map(({ peer, results }) => {
    const rest = exceptions(results)
    const shown = rest.slice(0, MAX_LINES).map((one) => `- ${one}`)
    if (rest.length > shown.length) shown.push(`- … and ${rest.length - shown.length} more`)
    return [`## ${peer}`, '', table(results), ...(shown.length > 0 ? ['', ...shown] : [])].join('\n')
  })
  return `${INTRODUCTION}\n${scaleOf(messages)}\n\n${parts.join('\n\n')}\n`
}

/** How many results have each outcome. */
export function counts(results: readonly Result[]): Readonly<Record<Outcome, number>> {
  const counted = { OK: 0, 'NON-STRICT': 0, INFORMATIONAL: 0, UNIMPLEMENTED: 0, FAILED: 0 }
  for (const { outcome } of results) counted[outcome]++
  return counted
}

/** A Markdown table with a line for each section, and one for all. */
export function table(results: readonly Result[]): string {
  const lines = Object.entries(SECTIONS).map(([number, what]): readonly string[] => {
    const ofSection = results.filter(({ id }) => id.startsWith(`${number}.`))
    return line(`${number} ${what}`, ofSection)
  })
  const all = [['section', 'cases', ...OUTCOMES], ...lines, line('all', results)]
  const widths =
    all[0]?.map((_, column) => Math.max(...all.map((cells) => (cells[column] ?? '').length))) ?? []
  const rows = all.map(
    (cells) => `| ${cells.map((cell, at) => pad(cell, at, widths[at] ?? 0)).join(' | ')} |`,
  )
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [rows[0], rule, ...rows.slice(1)].join('\n')
}

/** One line for each result that is neither OK nor INFORMATIONAL. */
export function exceptions(results: readonly Result[]): readonly string[] {
  return results
    .filter(({ outcome }) => outcome !== 'OK' && outcome !== 'INFORMATIONAL')
    .map(({ id, title, outcome, reason }) => `${id} ${outcome}: ${title}. ${reason}`)
}

const INTRODUCTION = `# Conformance

\`packages/conformance\` is a suite of our own for RFC 6455 and RFC 7692. Its 517 cases are those of the public list of
[Autobahn|Testsuite](https://github.com/crossbario/autobahn-testsuite): sections 1 to 7, 9, 10, 12 and 13. It writes and
reads raw bytes with its own code, and shares nothing with \`packages/websocket\`. A case passes if the events, the close
code and the side that closes are right. It tests a server as a client, and a client as a server.

    npm run conformance                                        # runs all of it, and writes this page
    npm run conformance -- --messages 50                       # exchanges 50 messages where the list has 1 000
    npm run conformance -- --reduced                           # smaller sizes and counts, as the tests do
    npm run conformance -- --server ws://127.0.0.1:9001        # tests any server that echoes
    npm run conformance -- --client 'COMMAND {url}'            # tests any command that echoes until it is closed

- OK: as the RFC asks. NON-STRICT: conforms, but is not the best: text that is not UTF-8 is found only at the end of a message,
  or a message before a violation gets no reply.
- INFORMATIONAL: the RFC leaves the behaviour of 7.1.6, 7.13.1 and 7.13.2 open.
- UNIMPLEMENTED: the peer did not agree on the compression. FAILED: it breaks the RFC or a limit of the list.

Messages may have 16 MiB; every other limit has its default. \`ws\` of npm is there for comparison, and shows that the
suite can fail.`

function line(name: string, results: readonly Result[]): readonly string[] {
  const counted = counts(results)
  return [name, String(results.length), ...OUTCOMES.map((outcome) => String(counted[outcome]))]
}

/** What was run. */
function scaleOf(messages: number): string {
  return `The tables below come from one run with the sizes of the list and ${messages} messages in each case of 9.7, 9.8, 12 and 13.`
}

/** The most exceptions of a peer that the page lists. */
const MAX_LINES = 12

function pad(cell: string, column: number, width: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width)
}
