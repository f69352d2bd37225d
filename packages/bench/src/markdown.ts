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

/**
 * A table in Markdown as oxfmt formats it.
 *
 * @param textColumns The indices of the columns that are text; the others are numbers.
 */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  textColumns: readonly number[] = [0],
): string {
  const widths = head.map((cell, at) => Math.max(3, cell.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const isNumber = (at: number): boolean => !textColumns.includes(at)
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => (isNumber(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join(' | ')} |`
  const rule = widths.map((width, at) => (isNumber(at) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}
