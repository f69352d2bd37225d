import { count, type GivenOptions, type OptionRules, withDefaults } from '@ropewalk/core/options'
import { listElements } from './field-grammar.ts'

/** A part of a representation: `start` is its first byte, counted from 0, and `end` the byte after its last one. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** How `parseRange` limits its work. */
export interface RangeOptions {
  /** Most ranges that a client may ask for at once. Beyond it, the whole representation is sent. Default 16. */
  readonly most: number
}

/**
 * Returns the parts that a Range field asks for.
 *
 *     bytes=0-499    bytes=500-    bytes=-500 (the last 500)    bytes=0-0,-1
 *
 * Parts that overlap or touch become one. So the parts together are never longer than the representation, however
 * often a client asks for the same bytes, and have no byte that it did not ask for. They stay in the order in which
 * they were asked for.
 *
 * @param field The field's value; undefined when the request has none.
 * @param size Bytes of the whole representation.
 * @returns `whole` when the field is to be ignored: it is malformed, of another unit, asks for more than `most`
 *   ranges, or the representation is empty. `unsatisfiable` when no range has a byte, which is a 416.
 * @throws {TypeError | RangeError} for an option that does not exist, has the wrong type or is out of range.
 * @see RFC 9110 §14.1.2, §14.2
 *
 * @example
 * ```ts
 * import { contentRange, parseRange } from '@ropewalk/http'
 *
 * const ranges = parseRange('bytes=-500', 2000)
 * if (Array.isArray(ranges)) for (const range of ranges) console.log(contentRange(range, 2000))
 * ```
 *
 * ```text
 * bytes 1500-1999/2000
 * ```
 */
export function parseRange(
  field: string | undefined,
  size: number,
  options?: GivenOptions<RangeOptions>,
): readonly ByteRange[] | 'whole' | 'unsatisfiable' {
  const { most } = withDefaults('parseRange', DEFAULT_RANGE_OPTIONS, options, RANGE_OPTION_RULES)
  if (field === undefined || size === 0) return 'whole'
  const set = BYTES.exec(field)?.[1]
  if (set === undefined) return 'whole'
  const specs = listElements([set]).filter((spec) => spec !== '')
  if (specs.length === 0 || specs.length > most) return 'whole'
  const ranges: ByteRange[] = []
  for (const spec of specs) {
    const range = rangeOf(spec, size)
    if (range === undefined) return 'whole'
    if (range.start < range.end) ranges.push(range)
  }
  return ranges.length === 0 ? 'unsatisfiable' : coalesced(ranges)
}

/** Returns the value of Content-Range for one part (RFC 9110 §14.4). */
export function contentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end - 1}/${size}`
}

/** Returns the value of Content-Range for a 416. */
export function unsatisfiedRange(size: number): string {
  return `bytes */${size}`
}

/** A body with several parts of a representation, and what is sent between them. */
export interface MultipartRanges {
  /** The value of Content-Type. */
  readonly contentType: string
  /** Bytes of the whole body. */
  readonly totalBytes: number
  /** The parts, each with the lines that are sent before it. */
  readonly parts: readonly { readonly lines: string; readonly range: ByteRange }[]
  /** The line after the last part. */
  readonly end: string
}

/**
 * Frames several parts of a representation as `multipart/byteranges`.
 *
 * @param type The Content-Type of the representation; undefined when it has none.
 * @param boundary Random text that cannot occur in the representation: at least 16 random bytes, in hex.
 * @see RFC 9110 §14.6
 */
export function multipartRanges(
  ranges: readonly ByteRange[],
  size: number,
  type: string | undefined,
  boundary: string,
): MultipartRanges {
  const typeLine = type === undefined ? '' : `Content-Type: ${type}\r\n`
  const parts = ranges.map((range) => ({
    lines: `\r\n--${boundary}\r\n${typeLine}Content-Range: ${contentRange(range, size)}\r\n\r\n`,
    range,
  }))
  const end = `\r\n--${boundary}--\r\n`
  const totalBytes = parts.reduce(
    // A type is latin1, one byte a character.
    (sum, { lines, range }) => sum + lines.length + range.end - range.start,
    end.length,
  )
  return { contentType: `multipart/byteranges; boundary=${boundary}`, totalBytes, parts, end }
}

/** Returns a range within the representation, which may be empty; undefined when `spec` is malformed. */
function rangeOf(spec: string, size: number): ByteRange | undefined {
  const [, first = '', last = ''] = SPEC.exec(spec) ?? []
  // Numbers of any length compare rightly: those that are not exact are beyond every size.
  if (first === '') return last === '' ? undefined : { start: Math.max(0, size - Number(last)), end: size }
  if (last !== '' && Number(last) < Number(first)) return undefined
  return { start: Number(first), end: last === '' ? size : Math.min(Number(last) + 1, size) }
}

function coalesced(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const [first] = ranges
  if (ranges.length === 1 || first === undefined) return ranges
  const asked = ranges.map((range, order) => ({ ...range, order }))
  const merged: { start: number; end: number; order: number }[] = []
  for (const range of asked.toSorted((one, other) => one.start - other.start)) {
    const before = merged.at(-1)
    if (before === undefined || range.start > before.end) merged.push(range)
    else {
      before.end = Math.max(before.end, range.end)
      before.order = Math.min(before.order, range.order)
    }
  }
  return merged
    .toSorted((one, other) => one.order - other.order)
    .map(({ start, end }): ByteRange => ({ start, end }))
}

const DEFAULT_RANGE_OPTIONS: RangeOptions = { most: 16 }
const RANGE_OPTION_RULES: OptionRules<RangeOptions> = { most: count({ least: 1 }) }
/** RFC 9110 §14.1: a unit is compared without regard to case. */
const BYTES = /^bytes=(.*)$/i
const SPEC = /^(\d*)-(\d*)$/
