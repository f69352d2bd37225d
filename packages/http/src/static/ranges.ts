import { lowerCaseElements } from '../message/field-grammar.ts'

/** A part of a representation: `start` is its first byte, counted from 0, and `end` the byte after its last one. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * Parses a Range header.
 *
 * Ranges that overlap or are adjacent are joined, where the first of them is. A range beyond the end is left out.
 *
 * @param size Bytes of the representation.
 * @param most Most ranges accepted. Beyond it, the whole is sent.
 * @returns `whole` when the header is malformed or has another unit, and is ignored; `unsatisfiable` when no range
 *   begins before the end.
 * @see RFC 9110 §14.1.2
 */
export function parseRange(
  header: string,
  size: number,
  { most }: { readonly most: number },
): readonly ByteRange[] | 'whole' | 'unsatisfiable' {
  const [unit, set] = splitAtEquals(header)
  if (set === undefined || unit.toLowerCase() !== 'bytes') return 'whole'
  // Counted first, so that a long list costs nothing.
  if (commasIn(set, most) >= most) return 'whole'
  const ranges: ByteRange[] = []
  let specs = 0
  for (const text of lowerCaseElements([set])) {
    if (text === '') continue
    const range = parseSpec(text, size)
    if (range === 'malformed') return 'whole'
    specs++
    if (range !== 'beyond') ranges.push(range)
  }
  if (specs === 0) return 'whole'
  if (ranges.length === 0) return 'unsatisfiable'
  // RFC 9110 §14.1.2: the last bytes of an empty representation are the whole of it.
  return size === 0 ? 'whole' : joined(ranges)
}

/** Returns the value of a Content-Range header. */
export function contentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end - 1}/${size}`
}

function parseSpec(text: string, size: number): ByteRange | 'malformed' | 'beyond' {
  const [, first = '', last = ''] = SPEC.exec(text) ?? []
  if (first === '' && last === '') return 'malformed'
  // Too many digits become Infinity or an imprecise number: still beyond every file.
  if (first === '') {
    return Number(last) === 0 ? 'beyond' : { start: Math.max(0, size - Number(last)), end: size }
  }
  if (last !== '' && isLess(last, first)) return 'malformed'
  if (Number(first) >= size) return 'beyond'
  return { start: Number(first), end: last === '' ? size : Math.min(Number(last) + 1, size) }
}

/** Compares numbers of any length by their digits. */
function isLess(one: string, other: string): boolean {
  const [a, b] = [one.replace(/^0+/, ''), other.replace(/^0+/, '')]
  return a.length === b.length ? a < b : a.length < b.length
}

/** Joins ranges that overlap or are adjacent; each is where the first of its parts was (RFC 9110 §15.3.7.2). */
function joined(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const result: ByteRange[] = []
  for (const range of ranges) {
    let { start, end } = range
    let at = result.length
    for (let index = result.length - 1; index >= 0; index--) {
      const other = result[index]
      if (other === undefined || other.start > end || start > other.end) continue
      start = Math.min(start, other.start)
      end = Math.max(end, other.end)
      result.splice(index, 1)
      at = Math.min(at, index)
      // A range that has grown may reach those that it did not reach before.
      index = result.length
    }
    result.splice(at, 0, { start, end })
  }
  return result
}

function splitAtEquals(header: string): readonly [unit: string, set?: string] {
  const equals = header.indexOf('=')
  return equals < 0 ? [header] : [header.slice(0, equals), header.slice(equals + 1)]
}

function commasIn(text: string, most: number): number {
  let count = 0
  for (let at = text.indexOf(','); at >= 0 && count < most; at = text.indexOf(',', at + 1)) count++
  return count
}

const SPEC = /^([0-9]*)-([0-9]*)$/
