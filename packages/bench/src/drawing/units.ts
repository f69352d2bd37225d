/** What a number counts. */
export type Unit = 'count' | 'bytes' | 'ms' | 'ratio'

/** A number for a table: `1 234`, `1.5 KiB`, `12.3 ms`, `2.41`. */
export function formatted(value: number, unit: Unit): string {
  if (unit === 'ratio') return value.toFixed(2)
  if (unit === 'ms') return `${value.toFixed(1)} ms`
  if (unit === 'bytes') return bytes(value)
  return grouped(value)
}

/** A number beside an axis, in as few characters as possible: `10k`, `64 KiB`. */
export function short(value: number, unit: Unit): string {
  if (unit !== 'count') return unit === 'bytes' ? bytes(value) : String(value)
  if (value >= 1e6) return `${value / 1e6}M`
  return value >= 1000 ? `${value / 1000}k` : String(value)
}

/** `1 234 567`, as the documents write numbers. */
function grouped(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ')
}

function bytes(value: number): string {
  const sign = value < 0 ? '-' : ''
  let size = Math.abs(value)
  let name = 'B'
  for (const next of ['KiB', 'MiB', 'GiB']) {
    if (size < 1024) break
    size /= 1024
    name = next
  }
  return `${sign}${size < 10 && !Number.isInteger(size) ? size.toFixed(1) : Math.round(size)} ${name}`
}
